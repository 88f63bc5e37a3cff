import { isatty } from "node:tty";

/** Whether what is written to a descriptor may hold colours: at a terminal, unless NO_COLOR (https://no-color.org). */
export function usesColours(
  descriptor: number,
  env: Readonly<Record<string, string | undefined>> = process.env,
): boolean {
  return isatty(descriptor) && !env["NO_COLOR"] && env["TERM"] !== "dumb";
}
