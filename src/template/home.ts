import { homedir } from "node:os";

/** `~` and `~/x` with the home directory of the daemon's user in place of `~`; any other path as it is. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
}
