import { printable, stdout } from "../../log.ts";

/** What a plugin says of itself is shown, not obeyed, by the terminal. */
export function printLine(line: string): void {
  stdout.write(`${printable(line)}\n`);
}
