import { chmodSync, lchownSync, lstatSync, readFileSync, renameSync, type Stats, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { messageOf } from "../../reason.ts";
import { GafferdError } from "../../errors.ts";
import { findAccount, findGroupId } from "../../process/accounts.ts";

/** Permissions of a unix socket. */
export interface SocketAccess {
  /** Permission bits; default 0600. */
  readonly mode?: number;
  /** Number or name; default: gafferd's own. */
  readonly owner?: string | number | undefined;
  /** Number or name; default: gafferd's own. */
  readonly group?: string | number | undefined;
}

const privateMode = 0o600;
const probeTimeoutMs = 1000;

/**
 * Removes the socket that a program left behind, so that its path can be bound. Throws `conflict` if a program still uses
 * it, and `bad_value` if the file is not a socket.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = statOf(path);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new GafferdError("bad_value", "the file is not a socket; remove it or bind another path");
  }
  const failure = await probe(path);
  if (failure === undefined || (failure === "ECONNREFUSED" && isOpen(path))) {
    throw new GafferdError("conflict", "another program is listening on it; stop that program or bind another path");
  }
  if (failure === "ENOENT") return;
  if (failure !== "ECONNREFUSED") {
    throw new GafferdError(
      "conflict",
      `cannot connect to the existing socket (${failure}); remove it if no program uses it`,
    );
  }
  const now = statOf(path);
  // If another program took the path meanwhile, leave it: binding fails.
  if (now !== undefined && identify(now) === identify(found) && now.ctimeMs === found.ctimeMs) unlinkSync(path);
}

/** Calls `listen` so that only gafferd's user can use the socket until `grantAccess`. It must bind before it returns. */
export function listenPrivately<T>(listen: () => T): T {
  const before = process.umask(0o777 & ~privateMode);
  try {
    return listen();
  } finally {
    process.umask(before);
  }
}

/** Sets the owner, group and mode of the private socket at `path`. Throws `bad_value`. */
export function grantAccess(path: string, { mode = privateMode, owner, group }: SocketAccess): void {
  const { uid, gid } = lstatSync(path);
  const wanted = ownerOf({ owner, group });
  const [wantedUid, wantedGid] = [wanted.uid ?? uid, wanted.gid ?? gid];
  try {
    // Owner and group before the mode: otherwise the old group could connect for a moment.
    if (wantedUid !== uid || wantedGid !== gid) lchownSync(path, wantedUid, wantedGid);
    if (mode !== privateMode) chmodSync(path, mode);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new GafferdError("bad_value", `cannot set \`mode\`, \`owner\` or \`group\`: ${reason}`, { cause });
  }
}

/** Resolves owner and group to ids, absent for gafferd's own. Throws `bad_value` if a name does not exist. */
export function ownerOf({ owner, group }: Pick<SocketAccess, "owner" | "group">): { uid?: number; gid?: number } {
  const uid = owner === undefined ? undefined : typeof owner === "number" ? owner : findAccount(owner)?.uid;
  const gid = group === undefined ? undefined : findGroupId(group);
  if (owner !== undefined && uid === undefined) throw missing("user", owner);
  if (group !== undefined && gid === undefined) throw missing("group", group);
  return { ...(uid !== undefined && { uid }), ...(gid !== undefined && { gid }) };
}

function missing(noun: "user" | "group", name: string | number): GafferdError {
  return new GafferdError("bad_value", `there is no ${noun} \`${name}\``, {
    field: noun === "user" ? "owner" : "group",
  });
}

/** Device and inode of the file at `path`; undefined if there is none. Unique for as long as the socket is open. */
export function identityOf(path: string): string | undefined {
  const found = statOf(path);
  return found === undefined ? undefined : identify(found);
}

/**
 * Calls `stop`, which removes the file at `path` whatever it is (as `server.stop` of Bun 1.4.5 does), but preserves a file
 * whose identity is not `own`.
 */
export function stopPreservingOthers<T>(path: string, own: string | undefined, stop: () => T): T {
  const current = identityOf(path);
  if (current === undefined || current === own) return stop();
  const aside = `${path}.${process.pid}`;
  renameSync(path, aside);
  try {
    return stop();
  } finally {
    renameSync(aside, path);
  }
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function identify({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/**
 * Whether a program has a socket with this path open. Needed because Bun 1.4.5 reports ECONNREFUSED for a datagram socket
 * too (`/dev/log`), where the kernel returns EPROTOTYPE.
 */
function isOpen(path: string): boolean {
  try {
    return readFileSync("/proc/self/net/unix", "utf8")
      .split("\n")
      .some((line) => line.endsWith(` ${path}`));
  } catch {
    // Without /proc, rely on ECONNREFUSED alone.
    return false;
  }
}

/** Tries to connect. Returns undefined if a program accepts, else the error code. */
function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (failure?: string) => {
      socket.destroy();
      resolve(failure);
    };
    socket.once("connect", () => settle());
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
    // A program is listening but is too busy to accept.
    socket.setTimeout(probeTimeoutMs, () => settle());
  });
}
