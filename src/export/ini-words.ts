import { expandPattern, findClosingBraces } from "../template/expand.ts";
import { quoteWord, scanWords } from "../template/words.ts";
import { isPlain } from "./ini-value.ts";

const reference = /\$(?:\{[A-Za-z_]\w*(?:\}|:-|[^\w{}])|[A-Za-z_]\w*)/y;
/** What needs no quotes outside of them. A tilde does at the beginning of a word. */
const bare = /[\p{L}\p{N}_@%+=:,./-]/u;

/**
 * Writes a command line so that an INI file can have it: as it is if possible, else with other quotes. Undefined if it has
 * a character that no INI file can have.
 */
export function writeCommandLine(line: string): string | undefined {
  if (isPlain(line)) return line;
  const words = scanWords(line).map(({ pattern, start }) => {
    const isHome = /^~(?:[/ \t\n]|$)/.test(line.slice(start, start + 2));
    return isHome ? `~${writePattern(pattern.slice(1))}` : (writeQuoted(pattern) ?? writePattern(pattern));
  });
  return plainOrNone(words.join(" "));
}

/** Writes words, given as patterns, as a command line. */
export function writeWords(patterns: readonly string[]): string | undefined {
  return plainOrNone(patterns.map((pattern) => writeQuoted(pattern) ?? writePattern(pattern)).join(" "));
}

function plainOrNone(text: string): string | undefined {
  return isPlain(text) ? text : undefined;
}

/** The word in one pair of quotes, or without. Undefined if it has variables, or lines that an INI file would change. */
function writeQuoted(pattern: string): string | undefined {
  const { text, unknown, unsupported } = expandPattern(pattern, {});
  if (unknown.length > 0 || unsupported.length > 0 || pattern.includes(":-")) return undefined;
  const quoted = text === "" ? "''" : quoteWord(text);
  return isPlain(quoted) ? quoted : undefined;
}

/**
 * A word whose pattern is `pattern`. Blanks and line breaks are in quotes of their own, so that no line begins or ends with a
 * blank or looks like a comment.
 */
function writePattern(pattern: string): string {
  const closingBraces = findClosingBraces(pattern);
  let written = "";
  /** The defaults that are open. Blanks in them do not end the word. */
  let depth = 0;
  for (let at = 0; at < pattern.length;) {
    reference.lastIndex = at;
    const found = reference.exec(pattern)?.[0];
    const char = String.fromCodePoint(pattern.codePointAt(at) ?? 0);
    if (pattern.startsWith("$$", at)) {
      written += "\\$";
      at += 2;
    } else if (found !== undefined && (!found.endsWith(":-") || closingBraces.has(at))) {
      written += found;
      at += found.length;
      if (found.endsWith(":-")) depth += 1;
    } else {
      if (char.trim() === "") written += `'${char}'`;
      else if (char === "}" && depth > 0) {
        depth -= 1;
        written += char;
      } else written += bare.test(char) ? char : `\\${char}`;
      at += char.length;
    }
  }
  return written;
}
