import { ptr } from "bun:ffi";
import { readdirSync, readlinkSync } from "node:fs";
import { messageOf } from "../../reason.ts";
import { loadLibc } from "../../libc.ts";
import type { Logger } from "../../log.ts";

/** The sockets that this process has open, as the kernel names them: `socket:[12345]`. */
export type OpenSockets = ReadonlyMap<string, number>;

/** Undefined where there is no /proc. */
export function openSockets(): OpenSockets | undefined {
  const sockets = new Map<string, number>();
  try {
    for (const fd of readdirSync("/proc/self/fd")) {
      const name = targetOf(fd);
      if (name?.startsWith("socket:")) sockets.set(name, Number(fd));
    }
  } catch {
    return undefined;
  }
  return sockets;
}

/**
 * Sets how many connections may wait to be accepted on the listener that was opened after `before` was taken.
 * `Bun.serve` has no option for it and always asks for 512 (Bun 1.4.5), but a second `listen(2)` changes it. Where that
 * cannot be done, the log says so and the listener stays as it is.
 */
export function setBacklog(before: OpenSockets | undefined, backlog: number, { log }: { log: Logger }): void {
  try {
    const after = openSockets();
    if (before === undefined || after === undefined) throw new Error("there is no /proc/self/fd");
    const sockets = loadSockets();
    const listeners = [...after].filter(([name, fd]) => !before.has(name) && isListening(sockets, fd));
    if (listeners.length === 0) throw new Error("its socket was not found");
    for (const [, fd] of listeners) {
      if (sockets.listen(fd, backlog) !== 0) throw new Error("listen(2) failed");
    }
  } catch (cause) {
    const reason = messageOf(cause);
    log.debug(`cannot set \`backlog\` to ${backlog}, so that it is 512: ${reason}`);
  }
}

function targetOf(fd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // Closed since the folder was read, as the folder itself is.
    return undefined;
  }
}

type Sockets = ReturnType<typeof loadSockets>;

function loadSockets() {
  return loadLibc({
    listen: { args: ["i32", "i32"], returns: "i32" },
    getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
  });
}

/** socket(7): SO_ACCEPTCONN, as Linux numbers it. */
const solSocket = 1;
const soAcceptConn = 30;

function isListening(sockets: Sockets, fd: number): boolean {
  const value = new Int32Array(1);
  const length = new Int32Array([value.byteLength]);
  return sockets.getsockopt(fd, solSocket, soAcceptConn, ptr(value), ptr(length)) === 0 && value[0] === 1;
}
