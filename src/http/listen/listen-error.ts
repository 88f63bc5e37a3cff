import { dirname } from "node:path";
import { type Bind, formatBind } from "../../bind.ts";
import { GafferdError } from "../../errors.ts";
import { messageOf } from "../../reason.ts";

/** What could not be opened, why, and what to do, in one sentence. */
export function listenError(bind: Bind, endpointName: string, cause: unknown): GafferdError {
  const errno = codeOf(cause);
  const isOurs = cause instanceof GafferdError;
  return new GafferdError(
    isOurs ? cause.code : errno === "EADDRINUSE" ? "conflict" : "bad_value",
    `cannot listen on ${formatBind(bind)} for [endpoint:${endpointName}]: ${isOurs ? cause.message : (adviceOn(bind, errno) ?? messageOf(cause))}`,
    { field: `endpoint:${endpointName}`, cause },
  );
}

function adviceOn(bind: Bind, errno: string | undefined): string | undefined {
  const advice = errno === undefined ? undefined : reasons[bind.kind][errno];
  return advice?.(bind.kind === "unix" ? bind.path : String(bind.port));
}

type Reasons = Readonly<Record<string, (where: string) => string>>;

const unresolved = "the host name has no address that this machine knows; bind an address, or a name in /etc/hosts";

const reasons: Readonly<Record<Bind["kind"], Reasons>> = {
  tcp: {
    EADDRINUSE: (port) =>
      `another program listens there; stop it (\`ss -ltnp 'sport = ${port}'\` names it) or bind another port`,
    EACCES: () => "permission denied; bind a port from 1024 on, or give gafferd CAP_NET_BIND_SERVICE",
    EADDRNOTAVAIL: () => "this machine does not have that address; bind one that `ip address` shows",
    ENOTFOUND: () => unresolved,
    EAI_AGAIN: () => unresolved,
  },
  unix: {
    EADDRINUSE: () => "another program listens there; stop it, or bind another path",
    EACCES: (path) => `permission denied in ${dirname(path)}; choose a folder that gafferd may write to`,
    ENOENT: (path) => `the folder ${dirname(path)} does not exist; create it`,
    ENOTDIR: (path) => `${dirname(path)} is not a folder`,
    ENAMETOOLONG: () => "the path is longer than the 107 bytes that a socket's may have; choose a shorter one",
    EROFS: (path) => `${dirname(path)} is read-only; choose another folder`,
  },
};

function codeOf(cause: unknown): string | undefined {
  if (typeof cause !== "object" || cause === null || !("code" in cause)) return undefined;
  return String(cause.code);
}
