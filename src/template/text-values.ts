import { homedir } from "node:os";
import { isAbsolute, normalize } from "node:path";
import { GafferdError } from "../errors.ts";
import { showValue } from "./expectation.ts";

/** The error of a value that a template cannot have. `field` is a path within the value; default: the value itself. */
export function invalid(message: string, field?: string): GafferdError {
  return new GafferdError("invalid_process_info", message, field === undefined ? {} : { field });
}

/** Returns a list unchanged. Splits text and removes empty parts. */
export function splitList(value: string | readonly string[], separator: RegExp): string[] {
  if (typeof value !== "string") return [...value];
  return value
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

/** The path with `~` replaced and `..` resolved. Throws `invalid_process_info` if it is relative. */
export function toAbsolutePath(path: string): string {
  const expanded = expandHome(path);
  if (!isAbsolute(expanded)) throw invalid(`must be an absolute path or begin with ~/, not ${showValue(path)}`);
  return normalize(expanded);
}

/** Replaces `~` in `~` and `~/x` with the home directory of the daemon's user. Returns any other path unchanged. */
export function expandHome(path: string): string {
  return path === "~" || path.startsWith("~/") ? homedir() + path.slice(1) : path;
}
