import { fstatSync, write as writeToDescriptor } from "node:fs";
import { promisify } from "node:util";

/**
 * Writes lines to a descriptor without blocking gafferd. While the reader is slow or the disk is full, it buffers 1 MiB, plus
 * the one text that exceeds it.
 */
export interface Outlet {
  /** Whether there is a reader: `false` after a write has failed. */
  readonly hasReader: boolean;
  /**
   * Writes text, or bytes that the caller does not change. Drops them if the buffer is full, and reports the number of dropped
   * lines later. Does nothing without a reader.
   */
  write(text: string | Uint8Array): void;
  /** Resolves when everything written before has reached the descriptor, or when there is no reader any more. */
  flushed(): Promise<void>;
  /** Calls `listener` each time text has reached the descriptor. Returns a function that removes the listener. */
  onWritten(listener: () => void): () => void;
  /** Call when the descriptor refers to another file: it may have a reader again. */
  reset(): void;
}

/**
 * Creates an outlet for an open file descriptor. `process.stdout` is not suitable (Bun 1.4.5): it blocks the whole program
 * on a terminal paused with Ctrl-S, grows without limit on a pipe that is not read, and causes an unhandled rejection on a
 * closed pipe. Here one `fs.write` at a time waits in the thread pool.
 */
export function createOutlet(descriptor: number): Outlet {
  let held: (string | Uint8Array)[] = [];
  let heldLength = 0;
  let dropped = 0;
  let hasReader = true;
  let draining: Promise<void> | undefined;
  const listeners = new Set<() => void>();

  async function drain(): Promise<void> {
    while (hasReader && held.length > 0) {
      if (dropped > 0)
        held.push(`(${dropped} lines dropped: the reader of this output was too slow, or its disk was full)\n`);
      const bytes = Buffer.concat(held.map((each) => (typeof each === "string" ? Buffer.from(each) : each)));
      held = [];
      heldLength = dropped = 0;
      hasReader = await writeAll(descriptor, bytes);
      for (const listener of listeners) listener();
    }
    draining = undefined;
  }

  return {
    get hasReader() {
      return hasReader;
    },
    write(text) {
      if (!hasReader) return;
      if (heldLength >= maxHeldLength) {
        dropped++;
        return;
      }
      held.push(text);
      heldLength += text.length;
      draining ??= drain();
    },
    async flushed() {
      await draining;
    },
    onWritten(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    reset() {
      hasReader = true;
    },
  };
}

export const stdout: Outlet = createOutlet(1);
/** The same as `stdout` if both are the same terminal or file, so that lines keep their order. */
export const stderr: Outlet = isSameFile(1, 2) ? stdout : createOutlet(2);

/** In characters or bytes. */
const maxHeldLength = 1024 * 1024;
/**
 * Temporary errors, with the time until the next attempt: a non-blocking pipe is full, or a disk is full, which lasts
 * longer.
 */
const retryMsOf: Readonly<Record<string, number>> = { EAGAIN: 20, ENOSPC: 1000, EDQUOT: 1000 };
const writeSome = promisify(writeToDescriptor);

/** Writes all bytes. Returns false if there is no reader any more. */
async function writeAll(descriptor: number, bytes: Buffer): Promise<boolean> {
  for (let offset = 0; offset < bytes.length;) {
    try {
      offset += (await writeSome(descriptor, bytes, offset)).bytesWritten;
    } catch (error) {
      const retryMs = retryMsOf[(error as NodeJS.ErrnoException).code ?? ""];
      if (retryMs === undefined) return false;
      await Bun.sleep(retryMs);
    }
  }
  return true;
}

function isSameFile(one: number, other: number): boolean {
  try {
    const [a, b] = [fstatSync(one), fstatSync(other)];
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    // One of them is closed.
    return false;
  }
}
