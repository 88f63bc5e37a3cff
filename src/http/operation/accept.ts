/**
 * Parses an `Accept` or `Accept-Encoding` header: maps each value, in lower case and without parameters, to its weight
 * from 0 to 1 (RFC 9110, section 12.4.2). An invalid weight counts as 0.
 */
export function parseAccept(header: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const item of header.split(",")) {
    const [word = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    if (word === "") continue;
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, "");
    weights.set(word, weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0);
  }
  return weights;
}

/** Whether the client is a browser opening a page: it accepts HTML explicitly, and does not prefer JSON. */
export function prefersHtml(accept: string | null): boolean {
  if (accept === null) return false;
  const weights = parseAccept(accept);
  const html = weights.get("text/html") ?? weights.get("application/xhtml+xml") ?? 0;
  return html > 0 && html >= (weights.get("application/json") ?? 0);
}
