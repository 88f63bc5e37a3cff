/** An address that gafferd listens on. Port 0 lets the system choose a free port. */
export type Bind =
  | { readonly kind: "tcp"; /** Empty: all addresses of this machine. */ readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** The address as the configuration writes it: `127.0.0.1:5000`, `[::1]:5000`, `:5000`, `unix:/run/gaffer.sock`. */
export function formatBind(bind: Bind): string {
  return bind.kind === "unix" ? `unix:${bind.path}` : `${hostOf(bind.host)}:${bind.port}`;
}

/** The URL of the address: `http://127.0.0.1:5000`, `https://[::1]:5000`, `http://*:5000`, `unix:/run/gaffer.sock`. */
export function formatUrl(bind: Bind, isTls: boolean): string {
  if (bind.kind === "unix") return formatBind(bind);
  return `${isTls ? "https" : "http"}://${hostOf(bind.host) || "*"}:${bind.port}`;
}

/** Puts an IPv6 address in brackets, unless it already has them. */
function hostOf(host: string): string {
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
