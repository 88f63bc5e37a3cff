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
 * Throws what opening the endpoint would throw, as far as that can be told beside a gafferd that has it open: its
 * certificates, the user and the folder of its socket, whether this machine has its address. The `field` is the key at
 * fault.
 */
export async function assertOpenable(endpoint: EndpointSettings): Promise<void> {
  const { name, binds, tls } = endpoint;
  if (tls !== undefined && binds.some(({ kind }) => kind === "tcp")) readTls(tls);
  if (binds.some(({ kind }) => kind === "unix")) assertGivable(ownerOf(endpoint));
  for (const bind of binds) {
    try {
      await tryBind(bind);
    } catch (cause) {
      const { code, message } = listenError(bind, name, cause);
      throw new GafferdError(code, message, { field: "bind", cause });
    }
  }
}

/** A port that the system chooses is free, so only the address is tried. */
async function tryBind(bind: Bind): Promise<void> {
  if (bind.kind === "tcp") {
    const hostname = (await resolveHost(bind.host)) || "0.0.0.0";
    Bun.listen({ hostname, port: 0, socket: { data() {} } }).stop(true);
    return;
  }
  const folder = dirname(bind.path);
  if (!statSync(folder).isDirectory()) throw Object.assign(new Error("not a folder"), { code: "ENOTDIR" });
  accessSync(folder, constants.W_OK | constants.X_OK);
}

function assertGivable({ uid, gid }: { uid?: number; gid?: number }): void {
  const own = { uid: process.geteuid?.() ?? 0, groups: [process.getegid?.() ?? 0, ...(process.getgroups?.() ?? [])] };
  if (own.uid === 0) return;
  const advice = "gafferd does not run as root, and cannot give its socket away";
  if (uid !== undefined && uid !== own.uid) throw new GafferdError("bad_value", advice, { field: "owner" });
  if (gid !== undefined && !own.groups.includes(gid)) throw new GafferdError("bad_value", advice, { field: "group" });
}
