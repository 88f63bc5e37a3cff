/** Text in which the variables of a pattern were replaced. */
export interface Expansion {
  readonly text: string;
  /** Names of variables that are not set: they stay in `text` as they were written. */
  readonly unknown: readonly string[];
  /** Forms that only a shell knows (`${A:?x}`): they stay in `text` as they were written. */
  readonly unsupported: readonly string[];
}

/** `${A:-${B:-c}}` is two deep. What is deeper is text. */
const maxDepth = 16;

const reference = /\$(?:(\$)|\{([A-Za-z_]\w*)(\}|:-|[^\w{}])|([A-Za-z_]\w*))/g;

/**
 * Replaces `$VAR`, `${VAR}` and `${VAR:-default}` (used when the variable is unset or empty), once: a value is not
 * looked at again. `$$` is `$`; any other `$` is text.
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

/** Where the `}` is that closes what is open at `from`; undefined without one. */
function closingBrace(text: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === "}") depth -= 1;
    else if (text.startsWith("${", at)) depth += 1;
    if (depth === 0) return at;
  }
  return undefined;
}
