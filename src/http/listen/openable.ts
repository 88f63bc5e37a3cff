import { accessSync, constants, statSync } from "node:fs";
import { dirname } from "node:path";
import type { Bind } from "../../bind.ts";
import { GafferdError } from "../../errors.ts";
import type { EndpointSettings } from "./endpoint.ts";
import { listenError } from "./listen-error.ts";
import { resolveHost } from "./resolve-host.ts";
import { readTls } from "./tls.ts";
import { ownerOf } from "./unix-socket.ts";

/**
 * Throws the error that opening the endpoint would throw, as far as this can be checked while another gafferd has it open:
 * certificates, owner and directory of a unix socket, whether this machine has the address. `field` is the invalid key.
 */
export async function assertOpenable(endpoint: EndpointSettings): Promise<void> {
  const { name, binds, tls } = endpoint;
  if (tls !== undefined && binds.some(({ kind }) => kind === "tcp")) readTls(tls);
  if (binds.some(({ kind }) => kind === "unix")) assertCanChown(ownerOf(endpoint));
  for (const bind of binds) {
    try {
      await tryBind(bind);
    } catch (cause) {
      const { code, message } = listenError(bind, name, cause);
      throw new GafferdError(code, message, { field: "bind", cause });
    }
  }
}

/** Tries the address with a free port, since a running gafferd may use the configured one. */
async function tryBind(bind: Bind): Promise<void> {
  if (bind.kind === "tcp") {
    const hostname = (await resolveHost(bind.host)) || "0.0.0.0";
    Bun.listen({ hostname, port: 0, socket: { data() {} } }).stop(true);
    return;
  }
  const directory = dirname(bind.path);
  if (!statSync(directory).isDirectory()) throw Object.assign(new Error("not a directory"), { code: "ENOTDIR" });
  accessSync(directory, constants.W_OK | constants.X_OK);
}

function assertCanChown({ uid, gid }: { uid?: number; gid?: number }): void {
  const own = { uid: process.geteuid?.() ?? 0, groups: [process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])] };
  if (own.uid === 0) return;
  const reason = "cannot give the socket to another owner or group: gafferd does not run as root";
  if (uid !== undefined && uid !== own.uid) throw new GafferdError("bad_value", reason, { field: "owner" });
  if (gid !== undefined && !own.groups.includes(gid)) throw new GafferdError("bad_value", reason, { field: "group" });
}
