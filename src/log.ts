import { fstatSync, write as writeToDescriptor } from "node:fs";
import { promisify } from "node:util";
import { createConsola, LogLevels } from "consola/core";

/** What the parts tell the operator: one line a call, the stack of `cause` below it. */
export interface Logger {
  debug(message: string, cause?: unknown): void;
  info(message: string, cause?: unknown): void;
  warn(message: string, cause?: unknown): void;
  error(message: string, cause?: unknown): void;
}

export interface LoggerOptions {
  /** What is less than this is not shown; default `info`. */
  level?: keyof Logger;
  /** Takes whole lines, newline included; default: to stderr. */
  write?: (text: string) => void;
  /** For a person at a terminal: colours, and the local time of day instead of an ISO date. Default `false`. */
  terminal?: boolean;
}

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

/** Makes a logger of its own; the parts of the daemon share `log`. */
export function createLogger(options: LoggerOptions = {}): Logger {
  const { level = "info", write = stderr.write, terminal = false } = options;
  const consola = createConsola({
    level: LogLevels[level],
    reporters: [{ log: ({ type, args, date }) => write(formatRecord(type, args, { date, terminal })) }],
  });
  return {
    debug: (...words) => consola.debug(...words),
    info: (...words) => consola.info(...words),
    warn: (...words) => consola.warn(...words),
    error: (...words) => consola.error(...words),
  };
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

/**
 * `text` as a terminal may be shown it: whoever names a process or prints a line cannot move the cursor, retitle the
 * window, or make one line look like two. SGR sequences (`ESC [ 31 m`) stay where `colours` is set, and end with the text.
 */
export function printable(text: string, options: { colours?: boolean } = {}): string {
  let isColoured = false;
  const shown = text.replaceAll(sgrOrUnprintable, (found) => {
    if (!found.endsWith("m")) return escapeCharacter(found);
    isColoured ||= options.colours ?? false;
    return options.colours ? found : "";
  });
  return isColoured ? `${shown}\u001B[0m` : shown;
}

/** `2026-01-31T12:00:00.000Z`, at a terminal `12:00:00.000` of the local day. */
export function timestamp(date: Date, options: { terminal: boolean }): string {
  if (!options.terminal) return date.toISOString();
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${date.toTimeString().slice(0, 8)}.${milliseconds}`;
}

export const stdout: Outlet = createOutlet(1);
/** The same as `stdout` where both are one terminal or file, so that lines keep their order. */
export const stderr: Outlet = isSameFile(1, 2) ? stdout : createOutlet(2);

let current = createLogger();

/** The logger of the whole program. */
export const log: Logger = {
  debug: (...words) => current.debug(...words),
  info: (...words) => current.info(...words),
  warn: (...words) => current.warn(...words),
  error: (...words) => current.error(...words),
};

/** Says what `log` shows from now on, and where; `cli/` calls it once at start. */
export function configureLog(options: LoggerOptions): void {
  current = createLogger(options);
}

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

const levelColours: Readonly<Record<string, number>> = { debug: 90, info: 36, warn: 33, error: 31 };

/** `2026-01-31T12:00:00.000Z warn message`, then the stack of each error indented by four. */
function formatRecord(level: string, words: readonly unknown[], options: { date: Date; terminal: boolean }): string {
  const message = words.filter((word) => !(word instanceof Error)).map(String);
  const stacks = words.filter((word) => word instanceof Error).flatMap(stackLines);
  const name = level.padEnd(5);
  const shownLevel = options.terminal ? `\u001B[${levelColours[level] ?? 0}m${name}\u001B[0m` : name;
  const first = `${timestamp(options.date, options)} ${shownLevel} ${printable(message.join(" "))}\n`;
  return first + stacks.map((line) => `    ${printable(line.trim())}\n`).join("");
}

function stackLines(error: Error): string[] {
  const own = (error.stack ?? String(error)).split("\n");
  return error.cause instanceof Error ? [...own, "caused by:", ...stackLines(error.cause)] : own;
}

const escape = "\u001B";
/** SGR; else a control character that is no tab, or a mark that reorders a line or ends one. */
const sgrOrUnprintable = new RegExp(`${escape}\\[[\\d;:]*m|(?!\\t)[\\p{Cc}\\p{Bidi_Control}\\u2028\\u2029]`, "gu");

/** `\n`, `\r`, `\x1b`, `\u202e`. */
function escapeCharacter(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  const hex = character.charCodeAt(0).toString(16);
  return hex.length <= 2 ? `\\x${hex.padStart(2, "0")}` : `\\u${hex.padStart(4, "0")}`;
}
