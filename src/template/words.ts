import { GafferdError } from "../errors.ts";
import { addReference, PatternBuilder } from "./pattern.ts";

export interface Word {
  /** Without its quotes. */
  readonly text: string;
  /** As `text`, for `expandPattern`: a `$` that quotes or a backslash protect is doubled. */
  readonly pattern: string;
  /** Where it is in the command line, quotes included: `line.slice(start, end)`. */
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a command line as a POSIX shell splits words: quotes, backslashes, joined lines, `${NAME:-a default}` as one
 * word. Nothing else of the shell is there: `*`, `|`, `;` and `#` are text. If `home` is given, an unquoted `~` that is a
 * word or begins a path becomes it. Throws `bad_value` that says where, for a quote or a default that is never closed.
 *
 * The npm package `shlex` was held to `sh` by the same test as this and failed it: inside double quotes it keeps the
 * backslash of `\$` and `` \` ``, and a closing quote unescapes once more what stood before the opening one.
 */
export function splitWords(line: string, home?: string): string[] {
  return scanWords(line, home).map((word) => word.text);
}

/** `splitWords`, with the place of each word. */
export function scanWords(line: string, home?: string): Word[] {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    at = skipBlanks(line, at);
    if (at >= line.length) return words;
    const word = scanWord(line, at, home);
    words.push(word);
    at = word.end;
  }
}

/** One word for `sh -c`, whatever it holds. */
export function quoteWord(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

const isBlank = (char: string | undefined): boolean => char === " " || char === "\t" || char === "\n";

function skipBlanks(line: string, from: number): number {
  let at = from;
  for (;;) {
    if (isBlank(line[at])) at += 1;
    else if (line.startsWith("\\\n", at)) at += 2;
    else return at;
  }
}

function scanWord(line: string, start: number, home: string | undefined): Word {
  const scan: WordScan = { line, at: start, text: "", builder: new PatternBuilder() };
  if (home !== undefined && /~(?=[/ \t\n]|$)/y.test(line.slice(start, start + 2))) {
    addText(scan, home);
    scan.at += 1;
  }
  /** Where each default begins that is not closed yet. */
  const defaults: number[] = [];
  while (scan.at < line.length && (defaults.length > 0 || !isBlank(line[scan.at]))) {
    const { at } = scan;
    const char = line[at] ?? "";
    if (char === "\\") {
      // The shell keeps a backslash that ends the line.
      const next = line[at + 1] ?? "\\";
      if (next !== "\n") addText(scan, next);
      scan.at += 2;
    } else if (char === "'") {
      const close = line.indexOf("'", at + 1);
      if (close === -1) throw unclosed("single quote", at);
      addText(scan, line.slice(at + 1, close));
      scan.at = close + 1;
    } else if (char === '"') {
      scanDoubleQuoted(scan);
    } else if (char === "$") {
      if (scanReference(scan)) defaults.push(at);
    } else {
      if (char === "}") defaults.pop();
      addText(scan, char);
      scan.at += 1;
    }
  }
  const [open] = defaults;
  if (open !== undefined) throw unclosed("`${`", open);
  return { text: scan.text, pattern: scan.builder.pattern, start, end: Math.min(scan.at, line.length) };
}

interface WordScan {
  readonly line: string;
  at: number;
  text: string;
  readonly builder: PatternBuilder;
}

function addText(scan: WordScan, text: string): void {
  scan.text += text;
  scan.builder.addText(text);
}

/** Goes past a `$` and what belongs to it. Whether a default follows. */
function scanReference(scan: WordScan): boolean {
  const { end, isDefault } = addReference(scan.builder, scan.line, scan.at);
  scan.text += scan.line.slice(scan.at, end);
  scan.at = end;
  return isDefault;
}

function scanDoubleQuoted(scan: WordScan): void {
  const { line, at: open } = scan;
  scan.at += 1;
  while (scan.at < line.length) {
    const char = line[scan.at] ?? "";
    if (char === '"') {
      scan.at += 1;
      return;
    }
    if (char === "$") {
      scanReference(scan);
    } else if (char === "\\") {
      const next = line[scan.at + 1];
      if (next === undefined) break;
      // Before any other character the backslash is text (POSIX, Shell Command Language 2.2.3).
      if (next !== "\n") addText(scan, '$`"\\'.includes(next) ? next : `\\${next}`);
      scan.at += 2;
    } else {
      addText(scan, char);
      scan.at += 1;
    }
  }
  throw unclosed("double quote", open);
}

function unclosed(what: string, at: number): GafferdError {
  return new GafferdError(
    "bad_value",
    `the ${what} at character ${at + 1} is never closed: close it, or put a backslash before it`,
  );
}
