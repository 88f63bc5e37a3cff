import { isatty } from "node:tty";

/** Whether to use colours on a descriptor: it is a terminal, and NO_COLOR (https://no-color.org) is not set. */
export function usesColours(
  descriptor: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return isatty(descriptor) && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}
