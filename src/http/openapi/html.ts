/** HTML markup. All inserted text is already escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlPart = string | number | Html | readonly Html[];

/**
 * `` html`<td>${text}</td>` ``: escapes text, and inserts `Html` and lists of it unchanged. Line breaks of the template
 * are kept, indentation is removed.
 */
export function html(strings: TemplateStringsArray, ...parts: HtmlPart[]): Html {
  const raw = strings.map((string) => string.replaceAll(/\n\s*/g, "\n"));
  return new Html(String.raw({ raw }, ...parts.map(toMarkup)));
}

/** Joins parts with a separator. */
export function join(parts: readonly Html[], separator = ""): Html {
  return new Html(parts.map(({ text }) => text).join(separator));
}

export const nothing = new Html("");

/** Renders paragraphs, separated by empty lines, with code between backticks. */
export function paragraphs(markdown: string): Html {
  return join(markdown.split("\n\n").map((each) => html`<p>${inline(each)}</p>`));
}

/** Renders text with code between backticks. */
export function inline(markdown: string): Html {
  return join(markdown.split("`").map((each, index) => (index % 2 === 1 ? html`<code>${each}</code>` : html`${each}`)));
}

function toMarkup(part: HtmlPart): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return join(part).text;
  return Bun.escapeHTML(part);
}
