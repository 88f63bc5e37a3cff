import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { GafferdError } from "../../../src/errors.ts";
import { createMatcher } from "../../../src/logs/matching/grep.ts";
import type { LineMatcher } from "../../../src/logs/matching/line-matcher.ts";
import { requiredLiterals } from "../../../src/logs/matching/required-literals.ts";

/** The lines that match, as a search finds them. */
function linesOf(matcher: LineMatcher, text: string): string[] {
  const lines = Buffer.from(text);
  const found: string[] = [];
  for (let from = 0; ;) {
    const hit = matcher.find(lines, from);
    if (hit < 0) return found;
    const start = lines.subarray(0, hit).lastIndexOf(10) + 1;
    const end = lines.indexOf(10, hit);
    const line = lines.subarray(start, end);
    if (matcher.matches(line)) found.push(line.toString());
    from = end + 1;
  }
}

const characters = fc.constantFrom(..."aAbBkKsS .é\u017f\u212a1");
const word = (maxLength: number) => fc.array(characters, { minLength: 1, maxLength }).map((all) => all.join(""));
const lines = fc.array(word(12), { minLength: 1, maxLength: 40 });

test("a search for a text finds the lines that contain it", () => {
  fc.assert(
    fc.property(lines, word(3), (all, text) => {
      const matcher = createMatcher({ text, regex: false, ignoreCase: false });
      expect(linesOf(matcher, `${all.join("\n")}\n`)).toEqual(all.filter((line) => line.includes(text)));
    }),
  );
});

test("a search that ignores case finds the same lines as the engine", () => {
  const ascii = fc.array(fc.constantFrom(..."aAbB .1"), { minLength: 1, maxLength: 3 }).map((all) => all.join(""));
  fc.assert(
    fc.property(lines, ascii, (all, text) => {
      const matcher = createMatcher({ text, regex: false, ignoreCase: true });
      const engine = RE2JS.compile(RE2JS.quote(text), RE2JS.CASE_INSENSITIVE);
      expect(linesOf(matcher, `${all.join("\n")}\n`)).toEqual(all.filter((line) => engine.test(line)));
    }),
  );
});

test("lines that a regular expression skips do not match it, also where `s` and `k` have other forms", () => {
  const part = fc.oneof(word(3), fc.constantFrom(".*", "[ab]", "(?:a|bk)", "k+", "s?", "(?:sk){1,2}", "\\d", "^", "$"));
  const pattern = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""));
  const either = fc.oneof(
    pattern,
    fc.tuple(pattern, pattern).map(([a, b]) => `${a}|${b}`),
  );
  fc.assert(
    fc.property(lines, either, fc.boolean(), (all, text, ignoreCase) => {
      let engine: RE2JS;
      try {
        engine = RE2JS.compile(text, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
      } catch {
        return;
      }
      const matcher = createMatcher({ text, regex: true, ignoreCase });
      expect(linesOf(matcher, `${all.join("\n")}\n`)).toEqual(all.filter((line) => engine.test(line)));
    }),
    { numRuns: 300 },
  );
});

function textsIn(pattern: string): readonly string[] | undefined {
  return requiredLiterals(RE2JS.compile(pattern));
}

test("the engine says which texts a match must contain", () => {
  expect(textsIn("status=5\\d\\d")).toEqual(["status=5"]);
  expect(textsIn("id=\\d+ path.*foo")).toEqual([" path"]);
  expect(textsIn("error|fatal")).toEqual(["error", "fatal"]);
  expect(textsIn("\\d+")).toBeUndefined();
  expect(textsIn("x*|error")).toBeUndefined();
});

describe("a text that is too large to search for is refused:", () => {
  test.each([
    ["a text of 5,000 bytes", "x".repeat(5000), false, "at most 4096"],
    ["an expression of 100 KB", "x".repeat(100_000), true, "at most 1000"],
    ["nested repetitions", "(a{31}){31}(a{31}){31}(a{31}){31}", true, "too large"],
    ["many repetitions", "\\pL{1000}".repeat(3), true, "too large"],
    ["an expression that is not valid", "a(", true, "missing closing )"],
    ["a back reference", "(a)\\1", true, "RE2"],
    ["a line end", "a\nb", false, "line end"],
  ])("%s", (_, text, regex, reason) => {
    const create = () => createMatcher({ text, regex, ignoreCase: false });
    expect(create).toThrow(GafferdError);
    expect(create).toThrow(reason);
  });
});

test("a regular expression is matched in linear time, against the beginning of a long line", () => {
  const line = Buffer.alloc(1_000_000, "a");
  for (const text of ["(a+)+$", "(a|aa)+$", "(?:a?){100}a{100}$", "(.*)(.*)(.*)b"]) {
    const startedMs = performance.now();
    createMatcher({ text, regex: true, ignoreCase: false }).matches(line);
    expect(performance.now() - startedMs).toBeLessThan(3000);
  }
});
