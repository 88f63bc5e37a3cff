import fc from "fast-check";
import { GafferdError } from "../../src/errors.ts";
import { parseDuration } from "../../src/template/duration.ts";
import { parseSignal } from "../../src/template/signals.ts";
import { parseSize } from "../../src/template/size.ts";
import { inTime, pureTarget } from "./target.ts";
import { oddNumber, oddText } from "./text.ts";

const text = fc.oneof(
  oddText,
  fc
    .tuple(oddNumber, fc.constantFrom("", " ", "ms", "s", "m", "h", "k", "g", "K", "d", "\n"))
    .map((parts) => parts.join("")),
  fc.constantFrom("HUP", "sighup", "SIGRTMIN+1", "SIG", "SIGSIG", "RTMAX", "__proto__", "constructor", "toString"),
);
const given = fc.oneof(text, fc.double(), fc.maxSafeInteger());

/** Signals, durations and sizes are whole numbers in their range, or `bad_value`. */
export const values = pureTarget(
  "values",
  5000,
  fc.property(given, (value) => {
    for (const read of [parseDuration, parseSize, (each: string | number) => parseSignal(each).number]) {
      try {
        const number = inTime(() => read(value));
        if (!Number.isInteger(number) || number < 0) throw new Error(`${read.name} gives ${number}`);
      } catch (error) {
        if (!(error instanceof GafferdError) || error.code !== "bad_value" || error.message === "") throw error;
      }
    }
  }),
);
