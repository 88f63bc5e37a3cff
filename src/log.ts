import { createConsola, LogLevels } from "consola/core";
import { stderr } from "./log/outlet.ts";
import { createReporter, toWords } from "./log/reporter.ts";

/** What the parts tell the operator: one line a call, the stack of `cause` below it. */
export interface Logger {
  debug(message: string, cause?: unknown): void;
  info(message: string, cause?: unknown): void;
  warn(message: string, cause?: unknown): void;
  error(message: string, cause?: unknown): void;
}

/** What the command line prints, beside log lines. */
export interface Printer extends Logger {
  /** A line without a level: `message` is about `tag`, a template (`web`) or a process (`web[1]`). */
  event(event: { readonly tag: string; readonly message: string; readonly date: Date }): void;
  /** Lines that belong together: in a box on a terminal, else as `info`. */
  box(lines: readonly string[]): void;
}

export interface LoggerOptions {
  /** What is less than this is not shown; default `info`. */
  level?: keyof Logger;
  /** Takes whole lines, newline included; default: to stderr. */
  write?: (text: string) => void;
  /** For a person at a terminal: colours, boxes, and the local time of day instead of an ISO date. Default `false`. */
  terminal?: boolean;
}

/**
 * Makes a logger of its own; the command line uses `log`. A line that comes more than five times within a second is
 * counted instead; an event never is.
 */
export function createLogger(options: LoggerOptions = {}): Printer {
  const { level = "info", write = stderr.write, terminal = false } = options;
  const consola = createConsola({ level: LogLevels[level], reporters: [createReporter({ write, terminal })] });
  const events = consola.create({ throttle: 0 });
  return {
    debug: (message, cause) => consola.debug({ args: toWords(message, cause) }),
    info: (message, cause) => consola.info({ args: toWords(message, cause) }),
    warn: (message, cause) => consola.warn({ args: toWords(message, cause) }),
    error: (message, cause) => consola.error({ args: toWords(message, cause) }),
    event: ({ tag, message, date }) => events.log({ tag, args: [message], date }),
    box: (lines) => consola.box({ args: [...lines] }),
  };
}

let current = createLogger();

/** The logger of the whole program. */
export const log: Printer = {
  debug: (...words) => current.debug(...words),
  info: (...words) => current.info(...words),
  warn: (...words) => current.warn(...words),
  error: (...words) => current.error(...words),
  event: (event) => current.event(event),
  box: (lines) => current.box(lines),
};

/** Says what `log` shows from now on, and where; `cli/` calls it once at start. */
export function configureLog(options: LoggerOptions): void {
  current = createLogger(options);
}
