import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { expandPattern } from "../../src/template/expand.ts";
import { valuePattern } from "../../src/template/pattern.ts";
import { scanWords } from "../../src/template/words.ts";

const env = { A: "1", B: "two words", RECURSIVE: "$A", EMPTY: "" };

describe("a pattern", () => {
  test.each<[string, string, string[], string[]]>([
    ["$A ${A} x$A-${B}y", "1 1 x1-two wordsy", [], []],
    ["$U ${U} $A_", "$U ${U} $A_", ["U", "U", "A_"], []],
    ["$ $$ ${} ${A $1 a$", "$ $ ${} ${A $1 a$", [], []],
    ["$$A $$$A $$$$", "$A $1 $$", [], []],
    ["$RECURSIVE", "$A", [], []],
    ["$EMPTY|", "|", [], []],
    ["${A:-x} ${U:-x y} ${EMPTY:-x} ${U:-} ${U:-${B}}", "1 x y x  two words", [], []],
    ["${U:-$V}", "$V", ["V"], []],
    ["${A:-$V}", "1", [], []],
    ["${U:-$$A}", "$A", [], []],
    ["${A:?x} ${A-x} ${A%%x}", "${A:?x} ${A-x} ${A%%x}", [], ["${A:?x}", "${A-x}", "${A%%x}"]],
    ["${U:-never closed", "${U:-never closed", [], []],
    ["$constructor $__proto__", "$constructor $__proto__", ["constructor", "__proto__"], []],
  ])("%p becomes %p", (pattern, text, unknown, unsupported) => {
    expect(expandPattern(pattern, env)).toEqual({ text, unknown, unsupported, isTooLong: false });
  });

  test("with deeply nested defaults does not overflow the stack", () => {
    const deep = "${U:-".repeat(50_000);
    expect(expandPattern(`${deep}x${"}".repeat(50_000)}`, env).text.length).toBeGreaterThan(0);
  });
});

describe("a long pattern of", () => {
  test.each(["${U:-", "${U:-${A}", "${A:?", "${U:-x}", "$$", "}", "$A"])("%p is expanded in little time", (part) => {
    const { user } = process.cpuUsage();
    expandPattern(part.repeat(20_000), env);
    expect(process.cpuUsage().user - user).toBeLessThan(500_000);
  });
});

describe("a value that is not split into words", () => {
  test.each([
    ["$A", "1"],
    ["/opt/x/bin:$A", "/opt/x/bin:1"],
    ["'$A'", "$A"],
    ["'a'", "'a'"],
    ["\\$A", "$A"],
    ["\\\\$A", "\\1"],
    ["\\\\\\$A", "\\$A"],
    ["\\d+\\.\\\\$", "\\d+\\.\\$"],
    ["C:\\dir \\n", "C:\\dir \\n"],
    ["$$A", "$A"],
    ["pa$$word", "pa$word"],
    ["sh -c 'echo $A'", "sh -c 'echo $A'"],
    ["don't $A won't", "don't 1 won't"],
    ["it's '$A' $A", "it's '$A' 1"],
    ['{"a": "$A"}', '{"a": "1"}'],
    ["'$A'$A", "'$A'1"],
  ])("%j becomes %j", (value, text) => {
    expect(expandPattern(valuePattern(value), env).text).toBe(text);
  });

  test("is unchanged if each $ is doubled", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("$", "A", "{", "}", ":-", "'", "\\", " ", "B") }), (text) => {
        const escaped = text.replaceAll("\\", "/").replaceAll("$", "$$$$");
        const wanted = text.replaceAll("\\", "/");
        // Text in single quotes is literal, so nothing is doubled there.
        fc.pre(!wanted.includes("'"));
        expect(expandPattern(valuePattern(escaped), env).text).toBe(wanted);
      }),
    );
  });
});

test("variables in words are replaced as sh replaces them, with any quoting", () => {
  const parts = fc.constantFrom("$A", "${A}", "'", '"', "\\", "B", "_", "x", "1", "${U:-d}", " ", "$EMPTY", "-");
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 12 }), (line) => {
      const text = line.join("");
      let words;
      try {
        words = scanWords(text);
      } catch {
        return;
      }
      const expansions = words.map(({ pattern }) => expandPattern(pattern, { A: "1", EMPTY: "" }));
      fc.pre(!text.endsWith("\\"));
      // A shell replaces an unset variable with nothing.
      fc.pre(expansions.every(({ unknown, unsupported }) => unknown.length + unsupported.length === 0));
      const shell = Bun.spawnSync({
        cmd: ["sh", "-c", `for w in ${text}; do printf '%s\\0' "$w"; done`],
        env: { A: "1", EMPTY: "" },
      });
      const expected = shell.stdout.toString().split("\0").slice(0, -1);
      // A shell drops a word that is only an empty variable.
      const actual = expansions.map((expansion) => expansion.text).filter((word) => word !== "");
      expect(actual).toEqual(expected.filter((word) => word !== ""));
    }),
    { numRuns: 200 },
  );
});
