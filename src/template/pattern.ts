/**
 * Builds a pattern for `expandPattern` from literal text and variables. A literal `$` is doubled, but only where
 * `expandPattern` would replace it, so that `a$` looks the same in a document.
 */
export class PatternBuilder {
  #pattern = "";
  /** The last piece, if the next piece could change its meaning. */
  #last: { readonly start: number; readonly kind: "variable" | "dollar" } | undefined;

  get pattern(): string {
    return this.#pattern;
  }

  /** Adds literal text; each `$` in it stays a `$`. */
  addText(text: string): void {
    for (const part of text.split(/(\$)/)) {
      if (part === "$") this.#addDollar();
      else if (part !== "") this.#add(part);
    }
  }

  /** Adds `$NAME`. */
  addVariable(name: string): void {
    this.#settle("$");
    this.#last = { start: this.#pattern.length, kind: "variable" };
    this.#pattern += `$${name}`;
  }

  /** Adds an expression, or its beginning: `$$`, `${NAME}`, `${NAME:-`. */
  addExpression(text: string): void {
    this.#settle("$");
    this.#last = undefined;
    this.#pattern += text;
  }

  #addDollar(): void {
    this.#settle("$");
    this.#last = { start: this.#pattern.length, kind: "dollar" };
    this.#pattern += "$";
  }

  #add(text: string): void {
    this.#settle(text);
    this.#last = undefined;
    this.#pattern += text;
  }

  /** Rewrites the last piece if `next`, which follows directly, would change its meaning. */
  #settle(next: string): void {
    if (this.#last === undefined) return;
    const { start, kind } = this.#last;
    const before = this.#pattern.slice(0, start);
    const piece = this.#pattern.slice(start);
    if (kind === "variable" && /^\w/.test(next)) this.#pattern = `${before}\${${piece.slice(1)}}`;
    if (kind === "dollar" && /^[A-Za-z_{$]/.test(next)) this.#pattern = `${before}$$`;
  }
}

const expression = /\$(?:\$|\{[A-Za-z_]\w*(?:\}|:-|[^\w{}])|([A-Za-z_]\w*))/y;

/**
 * Adds the expression that begins with the `$` at `at`, and returns its end. `isDefault` is true after `${NAME:-`; the
 * default follows.
 */
export function addReference(
  builder: PatternBuilder,
  text: string,
  at: number,
): { readonly end: number; readonly isDefault: boolean } {
  expression.lastIndex = at;
  const match = expression.exec(text);
  if (match === null) {
    builder.addText("$");
    return { end: at + 1, isDefault: false };
  }
  const [written, name] = match;
  if (name === undefined) builder.addExpression(written);
  else builder.addVariable(name);
  return { end: at + written.length, isDefault: written.endsWith(":-") };
}

/**
 * The pattern of a value that is not split into words. A `$` after a backslash or in single quotes is literal. The
 * quotes are kept, unless they enclose the whole value. An apostrophe within a word (`don't`) is not a quote.
 */
export function valuePattern(value: string): string {
  const builder = new PatternBuilder();
  const whole = /^'([^']*\$[^']*)'$/.exec(value)?.[1];
  if (whole !== undefined) {
    builder.addText(whole);
    return builder.pattern;
  }
  for (let at = 0; at < value.length;) {
    const protectedText = /(?<![\p{L}\p{N}])'[^']*'/uy;
    protectedText.lastIndex = at;
    const quoted = protectedText.exec(value)?.[0];
    const slashes = /(\\+)\$/y;
    slashes.lastIndex = at;
    const run = slashes.exec(value)?.[1];
    if (quoted !== undefined) {
      builder.addText(quoted);
      at += quoted.length;
    } else if (run !== undefined) {
      builder.addText("\\".repeat(Math.floor(run.length / 2)));
      at += run.length;
      if (run.length % 2 === 1) {
        builder.addText("$");
        at += 1;
      }
    } else if (value[at] === "$") {
      at = addReference(builder, value, at).end;
    } else {
      builder.addText(value[at] ?? "");
      at += 1;
    }
  }
  return builder.pattern;
}
