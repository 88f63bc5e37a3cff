import { parse } from "ini";
import { describeForeignFile } from "./foreign-file.ts";
import type { ConfigProblem } from "./problem.ts";

export interface IniSection {
  readonly file: string;
  readonly line: number;
  /** As it is written between the brackets: `process:my.app`. */
  readonly name: string;
  /** In the order of the file, repeated keys too. */
  readonly values: readonly IniValue[];
  /** It has lines that could not be read, and were reported: what seems to be missing may be there. */
  readonly hasUnreadLines: boolean;
}

export interface IniValue {
  readonly file: string;
  readonly line: number;
  readonly key: string;
  /** Continuation lines are joined by `\n`; quotes, `;` and `#` are text. */
  readonly text: string;
}

/**
 * Reads INI with the npm package `ini`, under the rules of Python's configparser, with the line of everything.
 *
 * - A line that begins with `;` or `#` is a comment, a blank line is nothing; elsewhere `;` and `#` are text.
 * - A line indented deeper than its key continues the value, after blank lines and comments too.
 * - A key ends at the first `=` or `:`. Some keys hold colons of their own: `env:NAME` ends at the first `=` or `:` after
 *   the name; `proc.NAME`, an event pattern, and all of `[plugin:NAME]` at the first `=` or a `:` that a blank follows.
 *
 * A file that is not INI at all (JSON, YAML, a Procfile) is one problem, not one for each of its lines.
 */
export function readIni(text: string, file: string): { sections: IniSection[]; problems: ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const { adapted, unread } = adapt(lines, (line, message) => problems.push({ file, line, message }));
  const sections = Object.entries(parse(adapted.join("\n")) as Record<string, Record<string, unknown>>)
    .map(([tagged, values]) => ({ file, ...untag(tagged), values: valuesOf(values, file) }))
    .map((section) => ({ ...section, hasUnreadLines: unread.has(section.line) }))
    // `ini` puts sections with a dot in their name last.
    .toSorted((a, b) => a.line - b.line);
  const foreign = sections.length === 0 && problems.length > 0 ? describeForeignFile(lines) : undefined;
  return { sections, problems: foreign === undefined ? problems : [{ file, ...foreign }] };
}

/**
 * The lines as `ini` has to get them in order to read what configparser would. By itself it cuts values at `;` and `#`,
 * removes quotes, nests `[my.app]`, lets a repeated key overwrite the first, drops `__proto__`, takes `key[]` for a list
 * and knows neither `:` nor continuation lines. So names and values become JSON strings, which it takes literally; the
 * number of its line makes each name unique; and continuation lines move up to their key. `unread` are the lines of the
 * sections that have lines which were reported.
 */
function adapt(
  lines: readonly string[],
  report: (line: number, message: string) => void,
): { adapted: string[]; unread: ReadonlySet<number> } {
  const adapted: string[] = [];
  const unread = new Set<number>();
  let section: string | undefined;
  let sectionLine = 0;
  let key:
    | { readonly line: number; readonly name: string; readonly indent: number; readonly texts: string[] }
    | undefined;
  const endKey = (): void => {
    if (key !== undefined) adapted.push(`${tag(key.name, key.line)}=${quote(key.texts.join("\n").trim())}`);
    key = undefined;
  };
  for (const [index, raw] of lines.entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (raw.includes("\0")) {
      report(line, "a NUL byte is not allowed here: remove it");
      unread.add(sectionLine);
      if (content.startsWith("[")) {
        endKey();
        section = "";
      }
    } else if (/^[;#]/.test(content)) {
      adapted.push(content);
    } else if (content === "") {
      key?.texts.push("");
    } else if (key && indentOf(raw) > key.indent) {
      key.texts.push(content);
    } else if (content.startsWith("[")) {
      endKey();
      sectionLine = line;
      section = /^\[([^\]]+)\]$/.exec(content)?.[1]?.trim() ?? "";
      if (section === "") report(line, `${JSON.stringify(content)} is not a section: write [name], alone on its line`);
      else adapted.push(`[${tag(section.replaceAll(".", "\\."), line)}]`);
    } else {
      endKey();
      const end = endOfKey(content, section ?? "");
      const name = content.slice(0, Math.max(end, 0)).trim();
      if (name === "") {
        report(line, `${JSON.stringify(content)} is neither [section] nor key = value`);
        unread.add(sectionLine);
      } else if (section === undefined) report(line, `\`${name}\` comes before the first [section]`);
      // What follows a section that cannot be read belongs to none.
      else if (section !== "") key = { line, name, indent: indentOf(raw), texts: [content.slice(end + 1).trim()] };
    }
  }
  endKey();
  return { adapted, unread };
}

function valuesOf(values: Readonly<Record<string, unknown>>, file: string): IniValue[] {
  return Object.entries(values).map(([tagged, value]) => {
    const { name, line } = untag(tagged);
    // A value that is the word true, false or null has become one; as text it is the same word again.
    return { file, line, key: name, text: String(value) };
  });
}

function tag(name: string, line: number): string {
  return quote(`${name}\n${line}`);
}

function untag(tagged: string): { name: string; line: number } {
  const end = tagged.lastIndexOf("\n");
  return { name: tagged.slice(0, end), line: Number(tagged.slice(end + 1)) };
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
