import { homedir } from "node:os";

/** Replaces `~` in `~` and `~/x` with the home directory of the daemon's user. Returns any other path unchanged. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
}
