import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { reasonOf } from "../../reason.ts";
import type { Logger } from "../../log.ts";
import type { PluginRoot } from "../plugins.ts";

const mark = ".adopting-";

/**
 * Moves the content of each bare site below `_site`. Call it before gafferd serves anything: a folder that is added later
 * may still be incomplete, and is served as it is until the next start. A folder that cannot be moved is served as it is,
 * with a warning. Bundled folders are not changed.
 */
export function adoptSites(roots: readonly PluginRoot[], log: Logger): void {
  for (const { folder, bundled } of roots) {
    if (bundled || !existsSync(folder)) continue;
    for (const name of readdirSync(folder)) if (name.startsWith(mark)) finish(join(folder, name), log);
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      try {
        if (isBareSite(path)) adopt(path);
      } catch (error) {
        log.warn(
          `cannot move the site in ${path} to ${join(path, "_site")}: ${reasonOf(error)}; serving it where it is`,
        );
      }
    }
  }
}

/** Whether a folder contains neither `_site` nor `plugin`. False for links: gafferd does not change their targets. */
export function isBareSite(path: string): boolean {
  const name = basename(path);
  if (name.startsWith(".") || name === "node_modules" || !lstatSync(path).isDirectory()) return false;
  const content = readdirSync(path);
  return content.length > 0 && !content.includes("_site") && !content.includes("plugin");
}

/**
 * Moves the folder into a new folder as `_site`, and gives the new folder its name. This takes two renames for any size. If
 * gafferd is killed between them, the next start finds the new folder by its prefix and does the second one.
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

/** Completes an interrupted move, or removes the new folder if nothing was moved yet. */
function finish(shell: string, log: Logger): void {
  const path = join(dirname(shell), basename(shell).slice(mark.length));
  try {
    if (readdirSync(shell).length === 0) rmdirSync(shell);
    else if (existsSync(path))
      log.warn(`an interrupted move left ${shell}, but ${path} exists again; delete one of them`);
    else renameSync(shell, path);
  } catch (error) {
    log.warn(`cannot restore ${path} from ${shell}: ${reasonOf(error)}`);
  }
}
