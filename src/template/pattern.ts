/**
 * Builds what `expandPattern` takes from pieces that were quoted or not: a `$` that must stay is doubled, though only
 * where it would mean something, so that `a$` reads the same in a document.
 */
export class PatternBuilder {
  #pattern = "";
  /** The last piece, as long as what follows could change its meaning. */
  #last: { readonly start: number; readonly kind: "variable" | "dollar" } | undefined;

  get pattern(): string {
    return this.#pattern;
  }

  /** Text that is taken as it is, each `$` too. */
  addText(text: string): void {
    for (const part of text.split(/(\$)/)) {
      if (part === "$") this.#addDollar();
      else if (part !== "") this.#add(part);
    }
  }

  /** `$NAME`. */
  addVariable(name: string): void {
    this.#settle("$");
    this.#last = { start: this.#pattern.length, kind: "variable" };
    this.#pattern += `$${name}`;
  }

  /** What begins with a `$` that means something: `$$`, `${NAME}`, `${NAME:-`. */
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

  /** Keeps the meaning of the last piece when `next` comes directly after it. */
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
 * Adds the `$` at `at` and what belongs to it, and returns where that ends. `isDefault`: it began a `${NAME:-`, whose
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
 * The pattern of a value that is not split into words. A backslash before a `$` and single quotes protect it; the
 * quotes stay, unless they hold the whole value. An apostrophe within a word (`don't`) is no quote.
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
