/** The result of replacing the variables in a pattern. */
export interface Expansion {
  readonly text: string;
  /** Names of variables that are not set. `text` contains them unchanged. */
  readonly unknown: readonly string[];
  /** Expressions that only a shell supports (`${A:?x}`). `text` contains them unchanged. */
  readonly unsupported: readonly string[];
  /** The text is longer than `maxLength`, and only its beginning is given. */
  readonly isTooLong: boolean;
}

/** The greatest depth of nested defaults; `${A:-${B:-c}}` has depth two. Deeper ones are literal text. */
const maxDepth = 16;

const reference = /\$(?:(\$)|\{([A-Za-z_]\w*)(\}|:-|[^\w{}])|([A-Za-z_]\w*))/g;

/**
 * Replaces `$VAR`, `${VAR}` and `${VAR:-default}` (the default applies if the variable is unset or empty). Values are
 * not expanded again. `$$` becomes `$`; any other `$` is literal. Stops when the text has more than `maxLength` characters.
 */
export function expandPattern(
  pattern: string,
  env: Readonly<Record<string, string | undefined>>,
  maxLength = Infinity,
): Expansion {
  const unknown: string[] = [];
  const unsupported: string[] = [];
  if (!pattern.includes("$")) return { text: pattern, unknown, unsupported, isTooLong: pattern.length > maxLength };

  const closingBraces = findClosingBraces(pattern);
  /** Expands the part of the pattern between two positions. */
  const expand = (from: number, end: number, depth: number): string => {
    let expanded = "";
    let at = from;
    for (;;) {
      if (expanded.length > maxLength) return expanded;
      reference.lastIndex = at;
      const match = reference.exec(pattern);
      if (match === null || match.index >= end) return expanded + pattern.slice(at, end);
      const [written, dollar, braced, close, bare] = match;
      expanded += pattern.slice(at, match.index);
      at = match.index + written.length;
      const name = braced ?? bare ?? "";
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (dollar !== undefined) {
        expanded += "$";
      } else if (close === ":-") {
        const closing = depth < maxDepth ? closingBraces.get(match.index) : undefined;
        if (closing === undefined) {
          expanded += written;
          continue;
        }
        expanded += value || expand(at, closing, depth + 1);
        at = closing + 1;
      } else if (close !== undefined && close !== "}") {
        const closing = closingBraces.get(match.index);
        if (closing === undefined) {
          expanded += written;
          continue;
        }
        unsupported.push(pattern.slice(match.index, closing + 1));
        expanded += pattern.slice(match.index, closing + 1);
        at = closing + 1;
      } else {
        if (value === undefined) unknown.push(name);
        expanded += value ?? written;
      }
    }
  };

  const text = expand(0, pattern.length, 0);
  return { text, unknown, unsupported, isTooLong: text.length > maxLength };
}

/** The position of the `}` that closes each `${`, by the position of the `$`. An unclosed `${` has none. */
export function findClosingBraces(pattern: string): ReadonlyMap<number, number> {
  const closing = new Map<number, number>();
  const open: number[] = [];
  for (const { 0: brace, index } of pattern.matchAll(/\$\{|\}/g)) {
    if (brace === "${") {
      open.push(index);
      continue;
    }
    const last = open.pop();
    if (last !== undefined) closing.set(last, index);
  }
  return closing;
}
