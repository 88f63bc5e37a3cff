import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { reasonOf } from "../../reason.ts";
import type { Logger } from "../../log.ts";
import type { PluginRoot } from "../plugins.ts";

const mark = ".adopting-";

/**
 * Moves the content of each folder that is a site alone under `_site`. To be called before anything is served: a folder
 * that comes later may still be being copied, and is served as it is until the next start. What cannot be moved is
 * served as it is too, and the log says so. Those that ship with gafferd are left alone.
 */
export function adoptSites(roots: readonly PluginRoot[], log: Logger): void {
  for (const { folder, bundled } of roots) {
    if (bundled || !existsSync(folder)) continue;
    for (const name of readdirSync(folder)) if (name.startsWith(mark)) finish(join(folder, name), log);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      try {
        if (isSiteAlone(path)) adopt(path);
      } catch (error) {
        log.warn(
          `cannot move the site in ${path} under ${join(path, "_site")}: ${reasonOf(error)}; it is served as it is`,
        );
      }
    }
  }
}

/** Links are left alone: what they lead to is not ours to change. */
export function isSiteAlone(path: string): boolean {
  const name = basename(path);
  if (name.startsWith(".") || name === "node_modules" || !lstatSync(path).isDirectory()) return false;
  const content = readdirSync(path);
  return content.length > 0 && !content.includes("_site") && !content.includes("plugin");
}

/**
 * The folder becomes the `_site` of a new one, which then takes its name: two renames, however much it holds. Between
 * them all is in a folder whose name says what is to be done, and the next start does it.
 */
export function adopt(path: string): void {
  const { mode, uid, gid } = lstatSync(path);
  const shell = join(dirname(path), mark + basename(path));
  mkdirSync(shell);
  try {
    chmodSync(shell, mode & 0o7777);
    if (process.getuid?.() === 0) chownSync(shell, uid, gid);
    renameSync(path, join(shell, "_site"));
  } catch (error) {
    rmdirSync(shell);
    throw error;
  }
  renameSync(shell, path);
}

/** What was interrupted: nothing was moved yet, or all was. */
function finish(shell: string, log: Logger): void {
  const path = join(dirname(shell), basename(shell).slice(mark.length));
  try {
    if (readdirSync(shell).length === 0) rmdirSync(shell);
    else if (existsSync(path)) log.warn(`${path} was being moved when gafferd ended, and is there anew: see ${shell}`);
    else renameSync(shell, path);
  } catch (error) {
    log.warn(`cannot bring back ${path} from ${shell}: ${reasonOf(error)}`);
  }
}
