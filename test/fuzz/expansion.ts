import fc from "fast-check";
import { GafferdError } from "../../src/errors.ts";
import { expandPattern } from "../../src/template/expand.ts";
import { quoteWord, splitWords } from "../../src/template/words.ts";
import { inTime, pureTarget } from "./target.ts";
import { oddText } from "./text.ts";

const part = fc.oneof(
  fc.constantFrom(
    "$",
    "$$",
    "$A",
    "${A}",
    "${A:-",
    "${",
    "}",
    "${A:?x}",
    "$é",
    "${B:-${A:-c}}",
    "\\",
    "'",
    '"',
    " ",
    "~",
  ),
  oddText,
);
const pattern = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
const env = fc.dictionary(fc.constantFrom("A", "B", "__proto__", "constructor", "é"), oddText, { maxKeys: 3 });

/** The variables of any text are replaced and its words split, or the error says why not. */
export const expansion = pureTarget(
  "expansion",
  3000,
  fc.property(pattern, env, (text, variables) => {
    const { text: expanded } = inTime(() => expandPattern(text, variables));
    if (!text.includes("$") && expanded !== text) throw new Error("text without `$` changed");
    for (const line of [text, expanded.slice(0, 100_000)]) {
      try {
        const words = inTime(() => splitWords(line));
        const again = inTime(() => splitWords(words.map(quoteWord).join(" ")));
        if (JSON.stringify(again) !== JSON.stringify(words))
          throw new Error(`the words quoted are ${JSON.stringify(again)}`);
      } catch (error) {
        if (!(error instanceof GafferdError) || error.message === "") throw error;
      }
    }
  }),
);
