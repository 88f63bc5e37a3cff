import fc from "fast-check";
import { BoundedText } from "../../plugins/dashboard/src/output/bounded-text.ts";
import { inTime, pureTarget } from "./target.ts";
import { oddText } from "./text.ts";

const number = fc.constantFrom("", "0", "1", "9", "300", "99999", "2147483647", "0009999999", "1e9", "-5");
const sequence = fc
  .tuple(
    fc.constantFrom("\u001B[", "\u009B", "\u001B", "\u001B]", "\u001BP", "\u001B\u001B["),
    fc.constantFrom("", "", "?", ">", "=", " ", "!"),
    fc.array(number, { maxLength: 3 }).chain((all) => fc.constantFrom(";", ":").map((sign) => all.join(sign))),
    fc.constantFrom(..."\n\r\b\u0018\u007F $", ""),
    fc.constantFrom(..."@ABCDEFGHILMPSTXZ^`abcdefghlmnrsu\u0007\u001B\u0301é", ""),
  )
  .map((parts) => parts.join(""));
const piece = fc.oneof(
  { weight: 5, arbitrary: sequence },
  {
    weight: 1,
    arbitrary: fc.tuple(sequence, fc.integer({ min: 2, max: 500 })).map(([text, count]) => text.repeat(count)),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom("\u0301", "\u200D", "\u20DD", "\u1160", "a"), fc.integer({ min: 1, max: 5000 }))
      .map(([text, count]) => text.repeat(count)),
  },
  { weight: 2, arbitrary: oddText },
);

const maxMarksInARow = 8;
/** What the repetitions of a text may cost: some at once, and some for each of its characters. */
const maxCost = (length: number) => 20_000 + 4 * length;

/** Output is bounded before the dashboard's terminal sees it, wherever it is cut. */
export const terminal = pureTarget(
  "terminal",
  1500,
  fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
    const text = pieces.join("");
    const whole = inTime(() => bound([text]));
    if (inTime(() => bound(pieces)) !== whole) throw new Error("another text if it is cut");
    if (whole.length > text.length * 2) throw new Error(`${text.length} characters became ${whole.length}`);
    if (!/[^\x20-\x7E\r\n]/.test(text) && whole !== text) throw new Error("ordinary text changed");
    if (/(\p{Mn}|\p{Me}){9}/u.test(whole)) throw new Error(`more than ${maxMarksInARow} combining characters in a row`);
    let cost = 0;
    // Digits that end with the final byte of a sequence that repeats: the count.
    for (const [, digits = "", rest = ""] of whole
      .replaceAll("\u001B", "ESC")
      .matchAll(/ESC\[(\d+)([^@-~]*)[@ILMPSTXZ^b]/g)) {
      if (Number(digits) > 300) throw new Error(`a sequence repeats ${digits} times${rest}`);
      cost += Number(digits);
    }
    if (cost > maxCost(text.length) + whole.length) throw new Error(`all sequences repeat ${cost} times`);
  }),
);

function bound(pieces: readonly string[]): string {
  const bounded = new BoundedText();
  return pieces.map((each) => bounded.next(each)).join("");
}
