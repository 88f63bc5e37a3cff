import { describe, expect, test } from "bun:test";
import { GafferdError } from "../../../src/errors.ts";
import { choice, flag } from "../../../src/http/operation/parameter.ts";
import { parseWhole } from "../../../src/http/operation/query.ts";

const query = (text: string) => new URLSearchParams(text);

function fieldOf(parse: () => unknown): string | undefined {
  try {
    parse();
  } catch (error) {
    if (error instanceof GafferdError && error.code === "bad_value") return error.field;
    throw error;
  }
  throw new Error("it was accepted");
}

describe("a flag", () => {
  test.each([
    ["x=true", true],
    ["x=1", true],
    ["x=false", false],
    ["x=0", false],
  ])("%s is %j", (text, value) => {
    expect(flag("x", !value, "").read(query(text))).toBe(value);
  });

  test.each([true, false])("without a value is its default, %j", (byDefault) => {
    expect(flag("x", byDefault, "").read(query(""))).toBe(byDefault);
  });

  test.each(["x=", "x", "x=yes", "x=TRUE", "x=01", "x=%20true"])("rejects %s", (text) => {
    expect(fieldOf(() => flag("x", false, "").read(query(text)))).toBe("x");
  });
});

describe("a choice", () => {
  const format = choice("format", ["text", "json"], "");

  test("is one of its words; the first is the default", () => {
    expect([format.read(query("format=json")), format.read(query(""))]).toEqual(["json", "text"]);
  });

  test.each(["format=", "format=JSON", "format=xml"])("rejects %s", (text) => {
    expect(fieldOf(() => format.read(query(text)))).toBe("format");
  });
});

describe("an integer", () => {
  test.each([
    ["0", 0],
    ["007", 7],
    [String(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
  ])("accepts %s", (text, value) => {
    expect(parseWhole(text, "n")).toBe(value);
  });

  test.each(["", " 1", "-1", "+1", "1.0", "1e3", "0x1", "9007199254740992", "99999999999999999"])(
    "rejects %j",
    (text) => {
      expect(fieldOf(() => parseWhole(text, "n"))).toBe("n");
    },
  );
});
