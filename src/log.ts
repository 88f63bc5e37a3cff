import { createConsola, LogLevels } from "consola/core";
import { stderr } from "./log/outlet.ts";
import { createReporter, toWords } from "./log/reporter.ts";

/** Messages for the operator: one line per call, followed by the stack of `cause`. */
export interface Logger {
  debug(message: string, cause?: unknown): void;
  info(message: string, cause?: unknown): void;
  warn(message: string, cause?: unknown): void;
  error(message: string, cause?: unknown): void;
}

/** A logger that also prints events and boxes, for the command line. */
export interface Printer extends Logger {
  /** Prints a line without a level. `tag` is the template (`web`) or process (`web[1]`) that `message` is about. */
  event(event: { readonly tag: string; readonly message: string; readonly date: Date }): void;
  /** Prints lines that belong together: in a box on a terminal, else at level `info`. */
  box(lines: readonly string[]): void;
}

export interface LoggerOptions {
  /** Messages below this level are not shown. Default: `info`. */
  level?: keyof Logger;
  /** Is called with complete lines, newline included. Default: writes to stderr. */
  write?: (text: string) => void;
  /** Formats for a terminal: colours, boxes, and the local time of day instead of an ISO date. Default: `false`. */
  terminal?: boolean;
}

/**
 * Creates a separate logger; the command line uses `log`. A line that repeats more than five times within a second is
 * counted instead of printed. Events are always printed.
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

/** The logger of the command line. */
export const log: Printer = {
  debug: (...words) => current.debug(...words),
  info: (...words) => current.info(...words),
  warn: (...words) => current.warn(...words),
  error: (...words) => current.error(...words),
  event: (event) => current.event(event),
  box: (lines) => current.box(lines),
};

/** Sets what `log` shows and where it writes. `cli/` calls it once at start. */
export function configureLog(options: LoggerOptions): void {
  current = createLogger(options);
}
