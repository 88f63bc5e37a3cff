import { expandPattern } from "../template/expand.ts";
import { valuePattern } from "../template/pattern.ts";

/** Expands to nothing, as long as nobody sets `GAFFER_NOTHING`. It protects blanks that an INI file would trim. */
const nothing = "${GAFFER_NOTHING:-}";

/**
 * Writes a value whose variables are replaced when the file is read, such as `env:KEY`, so that it is read as `literal`.
 * Undefined if an INI file cannot say it: a line within single quotes that begins or ends with a blank, or a carriage
 * return.
 */
export function writeLiteral(literal: string): string | undefined {
  const escaped = escapeDollars(literal);
  const lines = escaped.split("\n");
  const last = lines.length - 1;
  const text = lines.map((line, at) => protectLine(line, { isFirst: at === 0, isLast: at === last })).join("\n");
  // Quotes around the whole value would be removed.
  const candidates = [text, nothing + text];
  return candidates.find((each) => isPlain(each) && expandPattern(valuePattern(each), {}).text === literal);
}

/** Whether an INI file can have this text as a value: its lines are neither trimmed nor comments. */
export function isPlain(text: string): boolean {
  if (/[\r\0]/.test(text) || text.trim() !== text) return false;
  return text.split("\n").every((line, at) => line.trim() === line && (at === 0 || !/^[;#]/.test(line)));
}

/** Indents all lines but the first, so that they continue the value. */
export function indent(text: string): string {
  return text.replaceAll(/\n(?=[^\n])/g, "\n  ");
}

/** Doubles each `$`, and the backslashes before it, except in single quotes, where both are literal; see `valuePattern`. */
function escapeDollars(literal: string): string {
  return literal.replaceAll(/(?<![\p{L}\p{N}])'[^']*'|(\\*)\$/gu, (written, slashes?: string) =>
    slashes === undefined ? written : `${slashes}${slashes}$$`,
  );
}

function protectLine(line: string, { isFirst, isLast }: { isFirst: boolean; isLast: boolean }): string {
  if (line.trim() === "")
    return isFirst || isLast || line !== "" ? `${nothing}${line}${line === "" ? "" : nothing}` : "";
  const before = line.trimStart() !== line || (!isFirst && /^[;#]/.test(line)) ? nothing : "";
  const after = line.trimEnd() === line ? "" : nothing;
  return before + line + after;
}
