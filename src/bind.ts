/** An address that gafferd listens at; port 0 lets the system choose. */
export type Bind =
  | { readonly kind: "tcp"; /** Empty: every address of this machine. */ readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** As it is configured: `127.0.0.1:5000`, `[::1]:5000`, `:5000`, `unix:/run/gaffer.sock`. */
export function formatBind(bind: Bind): string {
  return bind.kind === "unix" ? `unix:${bind.path}` : `${hostOf(bind.host)}:${bind.port}`;
}

/** As it is reached: `http://127.0.0.1:5000`, `https://[::1]:5000`, `http://*:5000`, `unix:/run/gaffer.sock`. */
export function formatUrl(bind: Bind, isTls: boolean): string {
  if (bind.kind === "unix") return formatBind(bind);
  return `${isTls ? "https" : "http"}://${hostOf(bind.host) || "*"}:${bind.port}`;
}

/** In brackets, which may be there already, if it is an IPv6 address. */
function hostOf(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
