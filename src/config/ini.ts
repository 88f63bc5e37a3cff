import { parse } from "ini";
import type { ConfigProblem } from "./problem.ts";

export interface IniSection {
  readonly file: string;
  readonly line: number;
  /** As it stands between the brackets: `process:my.app`. */
  readonly name: string;
  /** In the order of the file, repeated keys too. */
  readonly values: readonly IniValue[];
}

export interface IniValue {
  readonly file: string;
  readonly line: number;
  readonly key: string;
  /** Continuation lines are joined by `\n`; quotes, `;` and `#` are text. */
  readonly text: string;
}

/**
 * Reads INI as Python's configparser does, with the line of everything.
 *
 * - A line that begins with `;` or `#` is a comment, a blank line is nothing; elsewhere `;` and `#` are text.
 * - A line indented deeper than its key continues the value, after blank lines and comments too.
 * - A key ends at the first `=` or `:`. Some keys hold colons of their own: `env:NAME` ends at the first `=` or `:` after
 *   the name; `proc.NAME`, an event pattern, and all of `[plugin:NAME]` at the first `=` or a `:` that a blank follows.
 */
export function readIni(text: string, file: string): { sections: IniSection[]; problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const outline = outlineOf(text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/), (line, message) =>
    problems.push({ file, line, message }),
  );
  const values = readValues(outline);
  const sections = outline.map(({ line, name, keys }) => ({
    file,
    line,
    name,
    values: keys.map((key) => ({ file, line: key.line, key: key.name, text: values.get(key.line) ?? "" })),
  }));
  return { sections, problems };
}

interface OutlineSection {
  readonly line: number;
  readonly name: string;
  readonly keys: OutlineKey[];
}

interface OutlineKey {
  readonly line: number;
  readonly name: string;
  readonly indent: number;
  readonly valueLines: string[];
}

function outlineOf(lines: readonly string[], report: (line: number, message: string) => void): OutlineSection[] {
  const sections: OutlineSection[] = [];
  let section: OutlineSection | undefined;
  let key: OutlineKey | undefined;
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (raw.includes("\0")) {
      report(line, "a NUL byte cannot stand here: remove it");
    } else if (content === "") {
      key?.valueLines.push("");
    } else if (/^[;#]/.test(content)) {
      continue;
    } else if (key && indentOf(raw) > key.indent) {
      key.valueLines.push(content);
    } else if (content.startsWith("[")) {
      key = undefined;
      const name = /^\[([^\]]+)\]$/.exec(content)?.[1]?.trim();
      if (!name) report(line, `${JSON.stringify(content)} is not a section: write [name], alone on its line`);
      section = { line, name: name ?? "", keys: [] };
      if (name) sections.push(section);
    } else {
      key = undefined;
      const end = endOfKey(content, section?.name ?? "");
      const name = content.slice(0, Math.max(end, 0)).trim();
      if (name === "") report(line, `${JSON.stringify(content)} is neither [section] nor key = value`);
      else if (!section) report(line, `\`${name}\` stands before the first [section]`);
      else {
        key = { line, name, indent: indentOf(raw), valueLines: [content.slice(end + 1).trim()] };
        section.keys.push(key);
      }
    }
  }
  return sections;
}

/**
 * What `ini` makes of the values. It would cut them at `;`, unquote them, nest `[my.app]`, drop `__proto__` and take
 * `key[]` for a list; so it is given line numbers for names and JSON strings, which it unquotes exactly, for values.
 */
function readValues(outline: readonly OutlineSection[]): ReadonlyMap<number, string> {
  const plain = outline.flatMap(({ line, keys }) => [
    `[${line}]`,
    ...keys.map((key) => `${key.line}=${quote(key.valueLines.join("\n").trim())}`),
  ]);
  const parsed = Object.values(parse(plain.join("\n"))).flatMap((section) => Object.entries(section));
  // A value that is the word true, false or null has become one; as text it is the same word again.
  return new Map(parsed.map(([line, value]) => [Number(line), String(value)]));
}

/** The pattern by which `ini` takes lines apart ends at U+2028 and U+2029. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029");
}

function endOfKey(content: string, section: string): number {
  if (content.startsWith("proc.") || section.startsWith("plugin:")) return content.search(/=|:(?=\s|$)/);
  const own = /^env:(?=[^\s=:])/.exec(content)?.[0].length ?? 0;
  const end = content.slice(own).search(/[=:]/);
  return end === -1 ? -1 : own + end;
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}
