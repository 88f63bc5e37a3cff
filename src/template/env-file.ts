import { GafferdError } from "../errors.ts";
import type { FileUser } from "../files/as-user.ts";
import { allowances, createFileCheck, explainFault } from "../files/file-trust.ts";
import { readFileText } from "../files/open-file.ts";
import { messageOf } from "../reason.ts";

const maxBytes = 1024 * 1024;

/**
 * Reads an env file of at most 1 MiB with the permissions of `user`, so that a link does not give that user the contents
 * of files of others; see `parseEnvText`. Throws `spawn_failed` with the file, and with the line of a syntax error.
 */
export function readEnvFile(file: string, user?: FileUser): ReadonlyMap<string, string> {
  let text: string;
  try {
    text = readFileText(file, { maxBytes, user });
  } catch (cause) {
    throw refuse(
      `cannot read the env file ${file}${user === undefined ? "" : ` as user ${user.uid}`}: ${messageOf(cause)}`,
      cause,
    );
  }
  if (text.includes("\0")) throw refuse(`cannot use the env file ${file}: it contains a NUL byte`);
  try {
    return parseEnvText(text);
  } catch (cause) {
    if (!(cause instanceof GafferdError)) throw cause;
    throw refuse(`cannot use the env file ${file}: ${cause.message}`, cause);
  }
}

/** Throws `spawn_failed` if a process of root would get variables from a file that another user can change. */
export function assertSafeEnvFiles(files: readonly string[], user: FileUser | undefined): void {
  const check = user === undefined || user.uid === 0 ? createFileCheck() : undefined;
  for (const file of check === undefined ? [] : files) {
    const fault = check?.find(file);
    if (fault === undefined) continue;
    const reason = explainFault(file, fault, `set \`uid\`, or ${allowances.key}`);
    throw refuse(`cannot use the env file ${file} for a process of root: ${reason}`);
  }
}

function refuse(message: string, cause?: unknown): GafferdError {
  return new GafferdError("spawn_failed", message, { field: "env_file", cause });
}

/**
 * The variables of a dotenv file; a later line wins. Throws `bad_value` with the number of the first line that cannot
 * be parsed. The message never shows the text of the line, which may be a secret.
 *
 * - `NAME=value` or `export NAME=value`. Whitespace around the name and the value is ignored.
 * - An unquoted value ends at the end of the line, or at whitespace followed by `#`.
 * - A value that begins with a quote is quoted as in a shell and may span lines: `'it'"'"'s'`. In double quotes, `\n`
 *   and `\r` are line ends, and `\"`, `\\`, `\$` and `` \` `` lose their backslash. Backticks quote a value that
 *   contains both kinds of quotes. Only a comment may follow.
 * - Variables are not replaced: `$` is literal.
 *
 * `dotenv` 18, `@env-spec/parser` 0.0.8, `envfile` 7 and Node's `parseEnv` do not support all of this: `dotenv`,
 * `envfile` and Node skip lines they cannot parse and cut `a#b` or keep `\"`; `@env-spec/parser` has no shell quoting.
 */
export function parseEnvText(text: string): ReadonlyMap<string, string> {
  const scan: Scan = { text: text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n"), at: 0 };
  const variables = new Map<string, string>();
  while (scan.at < scan.text.length) {
    const start = scan.at;
    const line = restOfLine(scan);
    if (/^\s*(#|$)/.test(line)) {
      scan.at += line.length + 1;
      continue;
    }
    const [head, name] = /^\s*(?:export\s+)?([^\s=#'"`]+)[^\S\n]*=[^\S\n]*/.exec(line) ?? [];
    if (head !== undefined && name !== undefined) {
      scan.at += head.length;
      variables.set(name, readValue(scan));
    } else if (variables.has(/^\s*export\s+(\S+)\s*$/.exec(line)?.[1] ?? "")) {
      // `export NAME` without a value exports a variable set earlier, in files written for a shell.
      scan.at += line.length + 1;
    } else {
      throw atLine(scan.text, start, "expected NAME=value, a comment or an empty line");
    }
  }
  return variables;
}

interface Scan {
  readonly text: string;
  at: number;
}

function restOfLine({ text, at }: Scan): string {
  const end = text.indexOf("\n", at);
  return text.slice(at, end === -1 ? text.length : end);
}

/** Reads a value and moves the scan to the start of the next line. */
function readValue(scan: Scan): string {
  const isQuoted = /["'`]/.test(scan.text[scan.at] ?? "");
  if (isQuoted) return readQuoted(scan);
  const line = restOfLine(scan);
  scan.at += line.length + 1;
  // The scan is past `=` and whitespace. A `#` here begins a comment if there was whitespace.
  if (line.startsWith("#") && /\s/.test(scan.text[scan.at - line.length - 2] ?? "")) return "";
  return line.replace(/\s+#.*$/, "").trimEnd();
}

/** Reads adjacent quoted and unquoted pieces up to whitespace. */
function readQuoted(scan: Scan): string {
  const { text, at: start } = scan;
  let value = "";
  while (scan.at < text.length && !/\s/.test(text[scan.at] ?? "")) {
    const char = text[scan.at];
    if (char === '"' || char === "'" || (char === "`" && scan.at === start)) {
      value += readPiece(scan, char);
    } else if (char === "\\" && scan.at + 1 < text.length) {
      value += text[scan.at + 1];
      scan.at += 2;
    } else {
      value += char;
      scan.at += 1;
    }
  }
  const rest = restOfLine(scan);
  if (!/^\s*(#|$)/.test(rest)) {
    throw atLine(text, scan.at, "text follows the closing quote: put the whole value in quotes");
  }
  scan.at += rest.length + 1;
  return value;
}

const quoteNames = { '"': "double quote", "'": "single quote", "`": "backtick" } as const;

/** Returns the text between two quotes and moves the scan past the second. */
function readPiece(scan: Scan, quote: keyof typeof quoteNames): string {
  const { text, at: open } = scan;
  let piece = "";
  for (let at = open + 1; at < text.length; at++) {
    const char = text[at];
    if (char === quote) {
      scan.at = at + 1;
      return piece;
    }
    if (char === "\\" && quote === '"') piece += unescapePair(text[++at] ?? "");
    else piece += char;
  }
  throw atLine(text, open, `unclosed ${quoteNames[quote]}`);
}

function unescapePair(char: string): string {
  if (char === "n") return "\n";
  if (char === "r") return "\r";
  if (char === "\n") return "";
  return '"\\$`'.includes(char) ? char : `\\${char}`;
}

function atLine(text: string, at: number, message: string): GafferdError {
  return new GafferdError("bad_value", `line ${text.slice(0, at).split("\n").length}: ${message}`);
}
