/** Markup, in which every text that came from elsewhere is escaped. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type HtmlPart = string | number | Html | readonly Html[];

/**
 * `` html`<td>${text}</td>` ``: texts are escaped, markup and lists of it are not. Where the template goes on in a new
 * line the page does, but for how far it is indented.
 */
export function html(strings: TemplateStringsArray, ...parts: HtmlPart[]): Html {
  const raw = strings.map((string) => string.replaceAll(/\n\s*/g, "\n"));
  return new Html(String.raw({ raw }, ...parts.map(toMarkup)));
}

/** As one, with what stands between them. */
export function join(parts: readonly Html[], separator = ""): Html {
  return new Html(parts.map(({ text }) => text).join(separator));
}

export const nothing = new Html("");

/** Paragraphs with code between backticks. */
export function paragraphs(markdown: string): Html {
  return join(markdown.split("\n\n").map((each) => html`<p>${inline(each)}</p>`));
}

/** Text with code between backticks. */
export function inline(markdown: string): Html {
  return join(markdown.split("`").map((each, index) => (index % 2 === 1 ? html`<code>${each}</code>` : html`${each}`)));
}

function toMarkup(part: HtmlPart): string {
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return join(part).text;
  return Bun.escapeHTML(part);
}
