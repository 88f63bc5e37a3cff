import { dirname } from "node:path";
import { type Bind, formatBind } from "../../bind.ts";
import { GafferdError } from "../../errors.ts";
import { messageOf } from "../../reason.ts";

/** An error whose message names the address, the reason and the remedy. The code is `conflict` or `bad_value`. */
export function listenError(bind: Bind, endpointName: string, cause: unknown): GafferdError {
  const errno = codeOf(cause);
  const isKnown = cause instanceof GafferdError;
  return new GafferdError(
    isKnown ? cause.code : errno === "EADDRINUSE" ? "conflict" : "bad_value",
    `cannot listen on ${formatBind(bind)} for [endpoint:${endpointName}]: ${isKnown ? cause.message : (adviceOn(bind, errno) ?? messageOf(cause))}`,
    { field: `endpoint:${endpointName}`, cause },
  );
}

function adviceOn(bind: Bind, errno: string | undefined): string | undefined {
  const advice = errno === undefined ? undefined : reasons[bind.kind][errno];
  return advice?.(bind.kind === "unix" ? bind.path : String(bind.port));
}

type Reasons = Readonly<Record<string, (where: string) => string>>;

const unresolved = "the host name does not resolve to an address; bind an IP address, or a name in /etc/hosts";

const reasons: Readonly<Record<Bind["kind"], Reasons>> = {
  tcp: {
    EADDRINUSE: (port) =>
      `another program is listening on it; stop that program (find it with \`ss -ltnp 'sport = ${port}'\`) or bind another port`,
    EACCES: () => "permission denied; bind port 1024 or higher, or give gafferd CAP_NET_BIND_SERVICE",
    EADDRNOTAVAIL: () => "this machine does not have that address; bind one that `ip address` lists",
    ENOTFOUND: () => unresolved,
    EAI_AGAIN: () => unresolved,
  },
  unix: {
    EADDRINUSE: () => "another program is listening on it; stop that program or bind another path",
    EACCES: (path) => `permission denied in ${dirname(path)}; use a directory that gafferd can write to`,
    ENOENT: (path) => `the directory ${dirname(path)} does not exist; create it`,
    ENOTDIR: (path) => `${dirname(path)} is not a directory; bind another path`,
    ENAMETOOLONG: () => "the path is longer than 107 bytes, the limit for a unix socket; use a shorter path",
    EROFS: (path) => `${dirname(path)} is read-only; use another directory`,
  },
};

function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return undefined;
  return String(cause.code);
}
