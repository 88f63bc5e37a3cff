import { GafferdError } from "../errors.ts";

export interface Word {
  readonly text: string;
  /** Where it stands in the command line, quotes included: `line.slice(start, end)`. */
  readonly start: number;
  readonly end: number;
}

/**
 * Splits a command line as a POSIX shell splits words: quotes, backslashes, joined lines. Nothing else of the shell is
 * there: `$`, `*`, `|`, `;` and `#` are text. If `home` is given, an unquoted `~` that is a word or begins a path becomes
 * it. Throws `bad_value` that says where, for a quote that is never closed.
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
  let text = "";
  let at = start;
  if (home !== undefined && /~(?=[/ \t\n]|$)/y.test(line.slice(start, start + 2))) {
    text = home;
    at += 1;
  }
  while (at < line.length && !isBlank(line[at])) {
    const char = line[at];
    if (char === "\\") {
      // The shell keeps a backslash that ends the line.
      const next = line[at + 1] ?? "\\";
      if (next !== "\n") text += next;
      at += 2;
    } else if (char === "'") {
      const close = line.indexOf("'", at + 1);
      if (close === -1) throw unclosed("single", at);
      text += line.slice(at + 1, close);
      at = close + 1;
    } else if (char === '"') {
      const quoted = scanDoubleQuoted(line, at);
      text += quoted.text;
      at = quoted.end;
    } else {
      text += char;
      at += 1;
    }
  }
  return { text, start, end: Math.min(at, line.length) };
}

function scanDoubleQuoted(line: string, open: number): { text: string; end: number } {
  let text = "";
  for (let at = open + 1; at < line.length; at++) {
    const char = line[at];
    if (char === '"') return { text, end: at + 1 };
    if (char !== "\\") {
      text += char;
      continue;
    }
    const next = line[++at];
    if (next === undefined) break;
    // Before any other character the backslash is text (POSIX, Shell Command Language 2.2.3).
    if (next !== "\n") text += '$`"\\'.includes(next) ? next : `\\${next}`;
  }
  throw unclosed("double", open);
}

function unclosed(kind: "single" | "double", at: number): GafferdError {
  return new GafferdError(
    "bad_value",
    `the ${kind} quote at character ${at + 1} is never closed: close it, or put a backslash before it`,
  );
}
