import { messageOf } from "../../reason.ts";
import type { Logger } from "../../log.ts";
import { isListening, listenOn, openDescriptors, socketName } from "./socket-descriptors.ts";

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
    const listeners = [...after].filter(([name, fd]) => !before.has(name) && isListening(fd));
    if (listeners.length === 0) throw new Error("cannot find the listening socket");
    for (const [, fd] of listeners) {
      if (!listenOn(fd, backlog)) throw new Error("listen(2) failed");
    }
  } catch (cause) {
    const reason = messageOf(cause);
    log.debug(`cannot set \`backlog\` to ${backlog}; it stays at 512: ${reason}`);
  }
}
