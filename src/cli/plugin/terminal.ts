import { isatty } from "node:tty";
import { GafferdError } from "../../errors.ts";
import { stdout } from "../../log/outlet.ts";
import { printable } from "../../log/printable.ts";
import { flushOutput } from "../log/flush.ts";

/** Prints a line. Control characters, such as in the description of a plugin, are escaped. */
export function printLine(line: string): void {
  stdout.write(`${printable(line)}\n`);
}

/** Prints a success message, on a terminal with a tick. */
export async function printSuccess(line: string): Promise<void> {
  if (!isatty(1)) return printLine(line);
  const consola = await loadConsola();
  consola.success(printable(line));
}

/**
 * Asks for confirmation. Does not ask if stdin or stdout is not a terminal, or if `CI` is set.
 * Throws a GafferdError if the answer is no or Ctrl-C.
 */
export async function confirm(question: string): Promise<void> {
  if (!isInteractive()) return;
  const consola = await loadConsola();
  await flushOutput();
  const answer = await consola.prompt(printable(question), { type: "confirm", initial: false, cancel: "null" });
  if (!answer) throw new GafferdError("conflict", "nothing was changed");
}

/** Whether questions can be asked: stdin and stdout are a terminal, and `CI` is not set. */
export function isInteractive(): boolean {
  return isatty(0) && isatty(1) && process.env["TERM"] !== "dumb" && !process.env["CI"];
}

/** Loaded only on a terminal, because it loads slowly. Its output goes to the same outlet as other lines. */
async function loadConsola() {
  const { createConsola, LogLevels } = await import("consola");
  const stream = Object.assign(Object.create(process.stdout) as typeof process.stdout, {
    write: (text: string) => {
      stdout.write(text);
      return true;
    },
  });
  // By default it prints nothing if NODE_ENV is `test`.
  const options = {
    level: LogLevels.info,
    fancy: true,
    stdout: stream,
    stderr: stream,
    formatOptions: { date: false },
  };
  return createConsola(options);
}
