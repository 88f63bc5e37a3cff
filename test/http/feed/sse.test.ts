import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { encodeJsonEvent, encodeTextEvent } from "../../../src/http/feed/sse.ts";
import { eventsOf } from "./event-stream.ts";

const encode = (output: string | Uint8Array) =>
  encodeTextEvent(typeof output === "string" ? Buffer.from(output) : output, {
    before: "event: out\n",
    after: () => "id: 7\n\n",
    maxBytes: 2 ** 20,
  });
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe("an event of output", () => {
  test.each([
    ["one line\n", "data: one line\n"],
    ["two\nlines\n", "data: two\ndata: lines\n"],
    ["a prompt", "data: a prompt\n"],
    ["\n\n", "data: \ndata: \n"],
    [" leading space\n", "data:  leading space\n"],
    ["a\r\nb\r\n", "data: a\ndata: b\n"],
    ["10%\r20%\r", "data: 10%\ndata: 20%\n"],
    ["a\rb\n", "data: a\ndata: b\n"],
  ])("%j becomes %j", (output, data) => {
    expect(text(encode(output))).toBe(`event: out\n${data}id: 7\n\n`);
  });

  test.each([
    "x\n\nevent: exit\ndata: {}\n\n",
    "x\r\revent: exit\r\r",
    "x\r\n\r\nid: 1\r\n\r\n",
    "data: y\nid: forged\nretry: 1\n",
    "\u2028event: exit\u2029\n\0id: 3\n",
    ": comment\n",
  ])("output cannot forge a field or an event: %j", async (output) => {
    const events = await eventsOf(encode(output));
    expect(events.map(({ event, id }) => [event, id])).toEqual([["out", "7"]]);
    expect(events[0]?.data).toBe(output.replaceAll(/\r\n?/g, "\n").replace(/\n$/, ""));
  });

  test("a client sees the text, whatever the bytes and the length of the lines", async () => {
    const line = fc.oneof(fc.string({ maxLength: 10 }), fc.string({ minLength: 60, maxLength: 200, unit: "binary" }));
    const output = fc.oneof(
      fc.array(line, { maxLength: 60 }).map((lines) => Buffer.from(lines.join("\n"))),
      fc.uint8Array({ maxLength: 300 }),
    );
    const some = output.filter((bytes) => bytes.length > 0);
    await fc.assert(
      fc.asyncProperty(some, async (bytes) => {
        const seen = await eventsOf(encode(bytes));
        const expected = Buffer.from(bytes).toString().replaceAll(/\r\n?/g, "\n").replace(/\n$/, "");
        expect(seen.map(({ data }) => data)).toEqual([expected]);
      }),
    );
  });

  test("encodes 64 KiB of newlines, the worst case", async () => {
    const events = await eventsOf(encode("\n".repeat(65_536)));
    expect(events[0]?.data).toBe("\n".repeat(65_535));
  });

  test("two events share no memory", () => {
    const first = encode("first\n");
    encode("other\n");
    expect(text(first)).toContain("first");
  });
});

test("a JSON event has one data line, whatever its strings contain", async () => {
  const value = { text: "a\nb\r\u2028" };
  const events = await eventsOf(encodeJsonEvent("gap", value, "7"));
  expect(events).toEqual([{ event: "gap", data: String.raw`{"text":"a\nb\r\u2028"}`, id: "7" }]);
});
