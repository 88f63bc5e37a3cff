import { ptr } from "bun:ffi";
import { messageOf } from "../../reason.ts";
import { loadLibc } from "../../libc.ts";
import type { Logger } from "../../log.ts";
import { openDescriptors, socketName } from "./socket-descriptors.ts";

/** Sockets that gafferd has open: the kernel's name (`socket:[12345]`) to its file descriptor. */
export type OpenSockets = ReadonlyMap<string, number>;

/** Lists the sockets that gafferd has open. Undefined if there is no /proc. */
export function openSockets(): OpenSockets | undefined {
  const sockets = new Map<string, number>();
  try {
    for (const fd of openDescriptors()) {
      const name = socketName(fd);
      if (name !== undefined) sockets.set(name, fd);
    }
  } catch {
    return undefined;
  }
  return sockets;
}

/**
 * Sets the accept backlog of the listeners that were opened after `before` was recorded. `Bun.serve` has no option for
 * it and always uses 512 (Bun 1.4.5), but a second `listen(2)` changes it. If that fails, it logs the reason and the
 * backlog stays at 512.
 */
export function setBacklog(before: OpenSockets | undefined, backlog: number, { log }: { log: Logger }): void {
  try {
    const after = openSockets();
    if (before === undefined || after === undefined) throw new Error("cannot read /proc/self/fd");
    const sockets = loadSockets();
    const listeners = [...after].filter(([name, fd]) => !before.has(name) && isListening(sockets, fd));
    if (listeners.length === 0) throw new Error("cannot find the listening socket");
    for (const [, fd] of listeners) {
      if (sockets.listen(fd, backlog) !== 0) throw new Error("listen(2) failed");
    }
  } catch (cause) {
    const reason = messageOf(cause);
    log.debug(`cannot set \`backlog\` to ${backlog}; it stays at 512: ${reason}`);
  }
}

type Sockets = ReturnType<typeof loadSockets>;

function loadSockets() {
  return loadLibc({
    listen: { args: ["i32", "i32"], returns: "i32" },
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  });
}

/** SOL_SOCKET and SO_ACCEPTCONN on Linux; see socket(7). */
const solSocket = 1;
const soAcceptConn = 30;

function isListening(sockets: Sockets, fd: number): boolean {
  const value = new Int32Array(1);
  const length = new Int32Array([value.byteLength]);
  return sockets.getsockopt(fd, solSocket, soAcceptConn, ptr(value), ptr(length)) === 0 && value[0] === 1;
}
