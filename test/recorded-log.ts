import type { Logger } from "../src/log.ts";

/** What was logged: `info plugin dummy: start`, and what was given as the cause. */
export interface Logged {
  readonly line: string;
  readonly cause: unknown;
}

/** A log that keeps what it is told in `logged`. */
export function recordLog(logged: Logged[] = []): { readonly log: Logger; readonly logged: Logged[] } {
  const to = (level: string) => (message: string, cause?: unknown) => {
    logged.push({ line: `${level} ${message}`, cause });
  };
  return { log: { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") }, logged };
}

/** A log that keeps warnings and errors, each with its cause in a line. */
export function recordWarnings(): { readonly log: Logger; readonly warnings: string[] } {
  const warnings: string[] = [];
  const log: Logger = {
    debug() {},
    info() {},
    warn: (message) => void warnings.push(message),
    error: (message, cause) => void warnings.push(`${message} ${String(cause)}`),
  };
  return { log, warnings };
}
