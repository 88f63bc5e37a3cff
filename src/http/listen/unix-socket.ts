import { chmodSync, lchownSync, lstatSync, readFileSync, renameSync, type Stats, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { messageOf } from "../../reason.ts";
import { GafferdError } from "../../errors.ts";
import { findAccount, findGroupId } from "../../process/accounts.ts";

/** Who may connect. */
export interface SocketAccess {
  /** Permission bits; default 0600. */
  readonly mode?: number;
  /** Number or name; absent: gafferd's own. */
  readonly owner?: string | number | undefined;
  /** Number or name; absent: gafferd's own. */
  readonly group?: string | number | undefined;
}

const privateMode = 0o600;
const probeTimeoutMs = 1000;

/**
 * Removes the socket of a program that is gone, so that its path can be bound. Throws `conflict` when somebody answers
 * there, and `bad_value` when something else than a socket has the path.
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = statOf(path);
  if (found === undefined) return;
  if (!found.isSocket()) {
    throw new GafferdError("bad_value", "something there is not a socket; remove it, or bind another path");
  }
  const failure = await probe(path);
  if (failure === undefined || (failure === "ECONNREFUSED" && isOpen(path))) {
    throw new GafferdError("conflict", "another program listens there; stop it, or bind another path");
  }
  if (failure === "ENOENT") return;
  if (failure !== "ECONNREFUSED") {
    throw new GafferdError("conflict", `the socket there cannot be tried (${failure}); remove it if nobody needs it`);
  }
  const now = statOf(path);
  // Whoever took the path meanwhile keeps it, and binding fails.
  if (now !== undefined && identify(now) === identify(found) && now.ctimeMs === found.ctimeMs) unlinkSync(path);
}

/** Binds with `listen`, which must do so before it returns, a socket that nobody else can use until `grantAccess`. */
export function listenPrivately<T>(listen: () => T): T {
  const before = process.umask(0o777 & ~privateMode);
  try {
    return listen();
  } finally {
    process.umask(before);
  }
}

/** Opens the private socket at `path` to those that `access` names. Throws `bad_value`. */
export function grantAccess(path: string, { mode = privateMode, owner, group }: SocketAccess): void {
  const { uid, gid } = lstatSync(path);
  const wanted = ownerOf({ owner, group });
  const [wantedUid, wantedGid] = [wanted.uid ?? uid, wanted.gid ?? gid];
  try {
    // First whose it is, then what they may: else the old group could use it for a moment.
    if (wantedUid !== uid || wantedGid !== gid) lchownSync(path, wantedUid, wantedGid);
    if (mode !== privateMode) chmodSync(path, mode);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new GafferdError("bad_value", `\`mode\`, \`owner\` or \`group\` cannot be set: ${reason}`, { cause });
  }
}

/** The numbers of those whom `access` names; absent for gafferd's own. Throws `bad_value` for one that does not exist. */
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

/** Which file has the path now; undefined when there is none. While a socket is open, no other file gets its identity. */
export function identityOf(path: string): string | undefined {
  const found = statOf(path);
  return found === undefined ? undefined : identify(found);
}

/**
 * Calls `stop`, which removes whatever is at `path` (so does `server.stop` of Bun 1.4.5), but keeps what is not `ours`.
 */
export function stopKeepingOthers<T>(path: string, ours: string | undefined, stop: () => T): T {
  const there = identityOf(path);
  if (there === undefined || there === ours) return stop();
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
 * Whether a program has a socket of this path open. Bun 1.4.5 gives ECONNREFUSED for a datagram socket too (`/dev/log`),
 * where the kernel says EPROTOTYPE.
 */
function isOpen(path: string): boolean {
  try {
    return readFileSync("/proc/self/net/unix", "utf8")
      .split("\n")
      .some((line) => line.endsWith(` ${path}`));
  } catch {
    // There is no /proc; then the refusal has to do.
    return false;
  }
}

/** Undefined when somebody answers, else the reason why not. */
function probe(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const settle = (failure?: string) => {
      socket.destroy();
      resolve(failure);
    };
    socket.once("connect", () => settle());
    socket.once("error", (error: NodeJS.ErrnoException) => settle(error.code ?? error.message));
    // It listens, but has more to do than to accept.
    socket.setTimeout(probeTimeoutMs, () => settle());
  });
}
