import { resolve } from "node:path";
import { expandHome } from "../template/home.ts";
import type { Options } from "./options.ts";

/**
 * The options with every path absolute, so that they mean the same in any directory. No shell expands the `~` of
 * `--config=~/gaffer.ini`.
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
