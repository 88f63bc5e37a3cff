import { describe, expect, test } from "bun:test";
import { GafferdError } from "../../src/errors.ts";
import { parseEnvText } from "../../src/template/env-file.ts";

const read = (text: string) => Object.fromEntries(parseEnvText(text));

describe("in an env file", () => {
  test.each([
    ["A=b#c", "b#c"],
    ["A=b # c", "b"],
    ["A=b\t#c", "b"],
    ["A=#c", "#c"],
    ["A= # c", ""],
    ["A=http://h/#a # c", "http://h/#a"],
    ["A=", ""],
    [" A = b c  ", "b c"],
    ["export A=b", "b"],
    ["A='b # c'", "b # c"],
    ["A='b' # c", "b"],
    ["A='b'#c", "b#c"],
    ['A="x \\"q\\" y"', 'x "q" y'],
    ['A="\\\\n \\n \\$B \\` \\d"', "\\n \n $B ` \\d"],
    [`A='it'"'"'s'`, "it's"],
    [`A='it'\\''s'`, "it's"],
    [`A="a"'b'c`, "abc"],
    ["A=it's", "it's"],
    ['A={"a": "b"}', '{"a": "b"}'],
    ["A=C:\\dir\\new", "C:\\dir\\new"],
    ["A=$B ${C}", "$B ${C}"],
    ['A="one\ntwo"', "one\ntwo"],
    ["A='one\r\ntwo'", "one\ntwo"],
    ["A=`both ' and \"`", "both ' and \""],
    ["A=b\nA=c", "c"],
    ["A=b\nexport A", "b"],
    ["\uFEFF# c\r\n\r\n  # d\r\nA=b\r\n", "b"],
    ['A="-----BEGIN KEY-----\nabc=\n-----END KEY-----"', "-----BEGIN KEY-----\nabc=\n-----END KEY-----"],
  ])("%j gives A the value %j", (text, value) => {
    expect(read(text)).toEqual({ A: value });
  });

  test("names may contain anything except whitespace, quotes, `=` and `#`", () => {
    expect(read("a.b-c=1\n__proto__=2")).toEqual(JSON.parse('{"a.b-c":"1","__proto__":"2"}'));
  });

  test.each([
    ["A=1\nnonsense\nB=2", "line 2: expected NAME=value, a comment or an empty line"],
    ["A=1\n\n=2", "line 3: expected NAME=value, a comment or an empty line"],
    ["A B=2", "line 1: expected NAME=value, a comment or an empty line"],
    ["A: b", "line 1: expected NAME=value, a comment or an empty line"],
    ["export A", "line 1: expected NAME=value, a comment or an empty line"],
    ["B=1\nA='never closed\nC=1", "line 2: unclosed single quote"],
    ['A="never closed\\"', "line 1: unclosed double quote"],
    ["A=`x", "line 1: unclosed backtick"],
    ["A='x\n\n' y", "line 3: text follows the closing quote: put the whole value in quotes"],
  ])("%j is refused with the number of its line", (text, message) => {
    expect(() => read(text)).toThrow(new GafferdError("bad_value", message));
  });
});

test("quoted assignments are read as sh reads them", () => {
  const lines = [`A='it'"'"'s'`, `B="a \\"b\\" \\\\ \\$C"`, `C=''`, `D="x"'y'"z"`, `E='a\\nb'`, `F="l1\nl2"`];
  for (const line of lines) {
    const name = line[0] ?? "";
    const shell = Bun.spawnSync(["sh", "-c", `${line}\nprintf %s "$${name}"`]).stdout.toString();
    expect(read(line)[name]).toBe(shell);
  }
});
