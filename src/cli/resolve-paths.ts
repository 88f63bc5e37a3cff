import { resolve } from "node:path";
import { expandHome } from "../template/text-values.ts";
import type { Options } from "./options.ts";

/**
 * Makes every path in the options absolute, so that it does not depend on the working directory. Expands `~` too: a shell
 * does not expand it in `--config=~/gaffer.ini`.
 */
export function resolvePaths(options: Options): Options {
  const paths = (["config", "pluginsDir", "pidfile", "logFile", "certfile", "keyfile"] as const).flatMap((key) => {
    const path = options[key];
    return path === undefined ? [] : [[key, toAbsolute(path)] as const];
  });
  const { bind } = options;
  const socket = bind?.startsWith("unix:") ? { bind: `unix:${toAbsolute(bind.slice("unix:".length))}` } : {};
  return { ...options, ...Object.fromEntries(paths), ...socket };
}

function toAbsolute(path: string): string {
  return resolve(expandHome(path));
}
