import { fstatSync, write as writeToDescriptor } from "node:fs";
import { promisify } from "node:util";

/**
 * Where lines go that a person or a file reads. It waits for no reader and for no room on a disk, and holds at most 1 MiB
 * and the text after it.
 */
export interface Outlet {
  /** Whether anybody reads: `false` from the write on that found nobody. */
  readonly hasReader: boolean;
  /** When the reader is too far behind, or the disk is full, drops `text` and says so later; when it has gone, ignores it. */
  write(text: string): void;
  /** Settles when all that was written before has left, or the reader has gone. */
  flushed(): Promise<void>;
  /** Calls `listener` each time text has reached the descriptor. Returns the function that ends this. */
  onWritten(listener: () => void): () => void;
  /** To be called when the descriptor has become another file: its reader is another one. */
  reset(): void;
}

/**
 * An outlet on an open file descriptor. `process.stdout` would not do: on a terminal held with Ctrl-S it blocks the
 * whole program, on a pipe that nobody reads it grows without end, on a closed one it rejects into nowhere (Bun 1.4.5).
 * Here one `fs.write` at a time waits in the thread pool.
 */
export function createOutlet(descriptor: number): Outlet {
  let held: string[] = [];
  let heldChars = 0;
  let dropped = 0;
  let hasReader = true;
  let draining: Promise<void> | undefined;
  const listeners = new Set<() => void>();

  async function drain(): Promise<void> {
    while (hasReader && held.length > 0) {
      if (dropped > 0)
        held.push(`(${dropped} lines left out: the reader of this output was too slow, or its disk full)\n`);
      const bytes = Buffer.from(held.join(""));
      held = [];
      heldChars = dropped = 0;
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
      if (heldChars >= maxHeldChars) {
        dropped++;
        return;
      }
      held.push(text);
      heldChars += text.length;
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
/** The same as `stdout` where both are one terminal or file, so that lines keep their order. */
export const stderr: Outlet = isSameFile(1, 2) ? stdout : createOutlet(2);

const maxHeldChars = 1024 * 1024;
/**
 * What may pass, and when to try again: a pipe that somebody else made non-blocking is full, or a disk is, which stays
 * so for longer.
 */
const retryMsOf: Readonly<Record<string, number>> = { EAGAIN: 20, ENOSPC: 1000, EDQUOT: 1000 };
const writeSome = promisify(writeToDescriptor);

/** Whether the reader is still there. */
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
