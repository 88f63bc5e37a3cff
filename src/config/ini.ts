import { parse } from "ini";
import { finishNow } from "../slices.ts";
import { describeForeignFile } from "./foreign-file.ts";
import type { ConfigProblem } from "./problem.ts";

export interface IniSection {
  readonly file: string;
  readonly line: number;
  /** The text between the brackets: `process:my.app`. */
  readonly name: string;
  /** In the order of the file, including repeated keys. */
  readonly values: readonly IniValue[];
  /** Whether some lines could not be parsed and were reported. A key that seems to be missing may be in one of them. */
  readonly hasUnreadLines: boolean;
}

export interface IniValue {
  readonly file: string;
  readonly line: number;
  readonly key: string;
  /** Continuation lines are joined by `\n`; quotes, `;` and `#` are text. */
  readonly text: string;
}

/** These lines take well under a millisecond. */
const stepLines = 100;

/**
 * Parses INI with the npm package `ini` and the rules of Python's configparser. All results have line numbers.
 *
 * - A line that begins with `;` or `#` is a comment. Elsewhere `;` and `#` are literal. Blank lines are ignored.
 * - A line indented deeper than its key continues the value, also after blank lines and comments.
 * - A key ends at the first `=` or `:`. Some keys contain colons: `env:NAME` ends at the first `=` or `:` after the
 *   name; `proc.NAME` (an event pattern) and the keys of `[plugin:NAME]` at the first `=`, or the first `:` before
 *   whitespace.
 *
 * A file that is not INI (JSON, YAML, a Procfile) gives one problem, not one for each line.
 */
export function readIni(text: string, file: string): Ini {
  return finishNow(iniSteps(text, file));
}

export interface Ini {
  readonly sections: IniSection[];
  readonly problems: ConfigProblem[];
}

/** `readIni` in steps, for `finishInSlices`. */
export function* iniSteps(text: string, file: string): Generator<void, Ini> {
  const problems: ConfigProblem[] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const { adapted, unread } = yield* adapt(lines, (line, message) => problems.push({ file, line, message }));
  const sections: IniSection[] = [];
  for (const part of inParts(adapted)) {
    for (const [tagged, values] of Object.entries(parse(part.join("\n")) as Record<string, Record<string, unknown>>)) {
      const { name, line } = untag(tagged);
      sections.push({ file, name, line, values: valuesOf(values, file), hasUnreadLines: unread.has(line) });
    }
    yield;
  }
  // `ini` returns sections with a dot in their name last.
  sections.sort((a, b) => a.line - b.line);
  const foreign = sections.length === 0 && problems.length > 0 ? describeForeignFile(lines) : undefined;
  return { sections, problems: foreign === undefined ? problems : [{ file, ...foreign }] };
}

/**
 * Rewrites the lines so that `ini` reads them as configparser would. `ini` itself cuts values at `;` and `#`, removes
 * quotes, nests `[my.app]`, lets a repeated key overwrite the first, drops `__proto__`, reads `key[]` as a list, and
 * supports neither `:` nor continuation lines. So names and values become JSON strings, which `ini` reads literally.
 * The line number makes each name unique. Continuation lines are joined to their key. `unread` has the line numbers of
 * the sections with lines that could not be parsed.
 */
function* adapt(
  lines: readonly string[],
  report: (line: number, message: string) => void,
): Generator<void, { adapted: string[]; unread: ReadonlySet<number> }> {
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
    if (index % stepLines === 0) yield;
    const line = index + 1;
    const content = raw.trim();
    if (raw.includes("\0")) {
      report(line, "this line contains a NUL byte; remove it");
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
      if (section === "") {
        report(line, `${JSON.stringify(content)} is not a section header; write [NAME] on a line of its own`);
      } else adapted.push(`[${tag(section.replaceAll(".", "\\."), line)}]`);
    } else {
      endKey();
      const end = endOfKey(content, section ?? "");
      const name = content.slice(0, Math.max(end, 0)).trim();
      if (name === "") {
        report(line, `expected \`[section]\` or \`key = value\`, not ${JSON.stringify(content)}`);
        unread.add(sectionLine);
      } else if (section === undefined) {
        report(line, `\`${name}\` is outside of a section; write a line such as [gaffer] or [process:NAME] before it`);
      }
      // Keys after an invalid section header are ignored.
      else if (section !== "") key = { line, name, indent: indentOf(raw), texts: [content.slice(end + 1).trim()] };
    }
  }
  endKey();
  return { adapted, unread };
}

/** Parts of about `stepLines` lines. Each but the first begins with a section. */
function* inParts(adapted: readonly string[]): Generator<readonly string[]> {
  let start = 0;
  for (const [index, line] of adapted.entries()) {
    if (index - start < stepLines || !line.startsWith("[")) continue;
    yield adapted.slice(start, index);
    start = index;
  }
  yield adapted.slice(start);
}

function valuesOf(values: Readonly<Record<string, unknown>>, file: string): IniValue[] {
  return Object.entries(values).map(([tagged, value]) => {
    const { name, line } = untag(tagged);
    // `ini` converts the words true, false and null; `String` converts them back.
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

/** The regular expression of `ini` stops at U+2028 and U+2029, so they are escaped. */
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
