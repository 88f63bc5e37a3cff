import { isatty } from "node:tty";
import { GafferdError } from "../../errors.ts";
import { stdout } from "../../log/outlet.ts";
import { printable } from "../../log/printable.ts";
import { flushOutput } from "../log/flush.ts";

/** Prints a line. What a plugin says of itself cannot control the terminal. */
export function printLine(line: string): void {
  stdout.write(`${printable(line)}\n`);
}

/** Prints that something is done, on a terminal with a tick. */
export async function printSuccess(line: string): Promise<void> {
  if (!isatty(1)) return printLine(line);
  const consola = await loadConsola();
  consola.success(printable(line));
}

/**
 * Asks the person at the terminal. Asks nothing when stdin or stdout is not a terminal, or `CI` is set.
 * Throws a GafferdError for no, and for Ctrl-C.
 */
export async function confirm(question: string): Promise<void> {
  if (!isInteractive()) return;
  const consola = await loadConsola();
  await flushOutput();
  const answer = await consola.prompt(printable(question), { type: "confirm", initial: false, cancel: "null" });
  if (!answer) throw new GafferdError("conflict", "nothing was changed");
}

/** Whether a person is at the terminal. */
export function isInteractive(): boolean {
  return isatty(0) && isatty(1) && process.env["TERM"] !== "dumb" && !process.env["CI"];
}

/** Takes its time to load, which only a person at a terminal has to wait for. It writes where the other lines go. */
async function loadConsola() {
  const { createConsola, LogLevels } = await import("consola");
  const stream = Object.assign(Object.create(process.stdout) as typeof process.stdout, {
    write: (text: string) => {
      stdout.write(text);
      return true;
    },
  });
  // Left to itself it prints nothing where NODE_ENV is `test`.
  const options = {
    level: LogLevels.info,
    fancy: true,
    stdout: stream,
    stderr: stream,
    formatOptions: { date: false },
  };
  return createConsola(options);
}
