import { GafferdError } from "../errors.ts";
import { addReference, PatternBuilder } from "./pattern.ts";

export interface Word {
  /** The word without its quotes. */
  readonly text: string;
  /** The word for `expandPattern`: like `text`, but a quoted or escaped `$` is doubled. */
  readonly pattern: string;
  /** Position in the command line, including quotes: `line.slice(start, end)`. */
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a command line into words as a POSIX shell does: quotes, backslashes, continued lines, `${NAME:-a default}` as
 * one word. Other shell syntax is not supported: `*`, `|`, `;` and `#` are literal. If `home` is set, it replaces an
 * unquoted `~` that is a word or begins a path. Throws `bad_value` with the position of an unclosed quote or default.
 *
 * The npm package `shlex` fails the test that compares this function with `sh`: inside double quotes it keeps the
 * backslash of `\$` and `` \` ``, and a closing quote unescapes the text before the opening quote a second time.
 */
export function splitWords(line: string, home?: string): string[] {
  return scanWords(line, home).map((word) => word.text);
}

/** Like `splitWords`, but returns the pattern and the position of each word too. */
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

/** Quotes a word for `sh -c` if necessary. */
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
  /** Start positions of the defaults that are still open. */
  const defaults: number[] = [];
  while (scan.at < line.length && (defaults.length > 0 || !isBlank(line[scan.at]))) {
    const { at } = scan;
    const char = line[at] ?? "";
    if (char === "\\") {
      // A shell keeps a backslash at the end of the text.
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

/** Moves past the expression that begins with `$`. Returns whether a default follows. */
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
      // Before any other character the backslash is literal (POSIX, Shell Command Language 2.2.3).
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
    `unclosed ${what} at character ${at + 1}; close it, or put a backslash before it`,
  );
}
