import { RE2JS } from "re2js";
import { GafferdError } from "../../errors.ts";
import { foldedLiteralMatcher } from "./folded-literal.ts";
import { maxGrepBytes } from "./limits.ts";
import { everyLine, type LineMatcher, literalMatcher } from "./line-matcher.ts";
import { isAscii, regularExpressionMatcher } from "./regular-expression.ts";

/** What lines must contain. */
export interface Grep {
  /** Empty for every line. */
  readonly text: string;
  /** The text is a regular expression. */
  readonly regex: boolean;
  readonly ignoreCase: boolean;
}

/** Throws `bad_value`. */
export function createMatcher({ text, regex, ignoreCase }: Grep): LineMatcher {
  if (text === "") return everyLine;
  const bytes = Buffer.from(text);
  if (regex) return regularExpressionMatcher(text, { ignoreCase });
  if (bytes.length > maxGrepBytes) {
    throw refused(`\`grep\` has ${bytes.length} bytes; at most ${maxGrepBytes} are allowed`);
  }
  if (/[\r\n]/.test(text)) throw refused("`grep` must not contain a line end: each line is searched on its own");
  if (!ignoreCase) return literalMatcher(bytes);
  if (isAscii(text)) return foldedLiteralMatcher(text);
  return regularExpressionMatcher(RE2JS.quote(text), { ignoreCase });
}

function refused(message: string): GafferdError {
  return new GafferdError("bad_value", message, { field: "grep" });
}
