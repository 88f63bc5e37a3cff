/** The result of replacing the variables in a pattern. */
export interface Expansion {
  readonly text: string;
  /** Names of variables that are not set. `text` contains them unchanged. */
  readonly unknown: readonly string[];
  /** Expressions that only a shell supports (`${A:?x}`). `text` contains them unchanged. */
  readonly unsupported: readonly string[];
}

/** The greatest depth of nested defaults; `${A:-${B:-c}}` has depth two. Deeper ones are literal text. */
const maxDepth = 16;

const reference = /\$(?:(\$)|\{([A-Za-z_]\w*)(\}|:-|[^\w{}])|([A-Za-z_]\w*))/g;

/**
 * Replaces `$VAR`, `${VAR}` and `${VAR:-default}` (the default applies if the variable is unset or empty). Values are
 * not expanded again. `$$` becomes `$`; any other `$` is literal.
 */
export function expandPattern(pattern: string, env: Readonly<Record<string, string | undefined>>): Expansion {
  const unknown: string[] = [];
  const unsupported: string[] = [];

  const expand = (text: string, depth: number): string => {
    let expanded = "";
    let at = 0;
    for (;;) {
      reference.lastIndex = at;
      const match = reference.exec(text);
      if (match === null) return expanded + text.slice(at);
      const [written, dollar, braced, close, bare] = match;
      expanded += text.slice(at, match.index);
      at = match.index + written.length;
      const name = braced ?? bare ?? "";
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (dollar !== undefined) {
        expanded += "$";
      } else if (close === ":-") {
        const end = depth < maxDepth ? closingBrace(text, at) : undefined;
        if (end === undefined) {
          expanded += written;
          continue;
        }
        expanded += value || expand(text.slice(at, end), depth + 1);
        at = end + 1;
      } else if (close !== undefined && close !== "}") {
        const end = closingBrace(text, at - 1);
        if (end === undefined) {
          expanded += written;
          continue;
        }
        unsupported.push(text.slice(match.index, end + 1));
        expanded += text.slice(match.index, end + 1);
        at = end + 1;
      } else {
        if (value === undefined) unknown.push(name);
        expanded += value ?? written;
      }
    }
  };

  const text = expand(pattern, 0);
  return { text, unknown, unsupported };
}

/** The position of the `}` that closes the brace opened before `from`; undefined if there is none. */
function closingBrace(text: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "}") depth -= 1;
    else if (text.startsWith("${", at)) depth += 1;
    if (depth === 0) return at;
  }
  return undefined;
}
