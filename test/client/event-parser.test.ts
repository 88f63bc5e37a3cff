import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { EventParser, type StreamEvent } from "../../src/client/event-parser.ts";

/** The events that a parser returns for chunks of a stream. */
function parse(...pieces: (string | Uint8Array)[]): StreamEvent[] {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(Buffer.from(piece)));
}

const message = (data: string, id = ""): StreamEvent => ({ event: "message", data, id });

describe("the examples of the standard", () => {
  test("two data lines form one text of two lines", () => {
    expect(parse("data: YHOO\ndata: +2\ndata: 10\n\n")).toEqual([message("YHOO\n+2\n10")]);
  });

  test("a comment is ignored; an id stays until the next one; an empty id resets it", () => {
    const stream = ": test stream\n\ndata: first event\nid: 1\n\ndata:second event\n\ndata:  third event\nid\n\n";
    expect(parse(stream)).toEqual([
      message("first event", "1"),
      message("second event", "1"),
      message(" third event", ""),
    ]);
  });

  test("a block without data is not an event, one with empty data is; an incomplete one is not", () => {
    expect(parse("data\n\ndata\ndata\n\ndata:")).toEqual([message(""), message("\n")]);
  });

  test("one space after the colon is not part of the value", () => {
    expect(parse("data:test\n\ndata: test\n\n")).toEqual([message("test"), message("test")]);
  });
});

describe("a field", () => {
  test.each<[string, StreamEvent[]]>([
    ["event: a\nevent: b\ndata\n\ndata\n\n", [{ event: "b", data: "", id: "" }, message("")]],
    ["event: a\n\ndata\n\n", [message("")]],
    ["event\ndata\n\n", [message("")]],
    ["id: 1\nid: a\0b\ndata\n\n", [message("", "1")]],
    ["Data: x\n data: x\ndata : x\nnonsense: x\n: data: x\n\n", []],
    ["data: a:b: c\n\n", [message("a:b: c")]],
    ["data: \u2028\u0085\v\f\n\n", [message("\u2028\u0085\v\f")]],
  ])("%j", (stream, events) => {
    expect(parse(stream)).toEqual(events);
  });
});

test("CRLF, LF and CR end lines in any mixture", () => {
  expect(parse("data: a\r\ndata: b\rdata: c\n\r\ndata: d\r\r")).toEqual([message("a\nb\nc"), message("d")]);
});

test("a CR ends an event at once, and an LF in the next chunk is ignored", () => {
  const parser = new EventParser();
  expect(parser.push(Buffer.from("data: a\r\n\r"))).toEqual([message("a")]);
  expect(parser.push(Buffer.from(""))).toEqual([]);
  expect(parser.push(Buffer.from("\ndata: b\n"))).toEqual([]);
  expect(parser.push(Buffer.from("\n"))).toEqual([message("b")]);
});

test("one byte order mark at the start is skipped, even if it is split", () => {
  const mark = Buffer.from("\uFEFF");
  expect(parse(mark.subarray(0, 1), mark.subarray(1), "data: a\n\n")).toEqual([message("a")]);
  expect(parse("\uFEFF\uFEFFdata: a\n\n")).toEqual([]);
});

test("invalid UTF-8 becomes U+FFFD", () => {
  expect(parse(Buffer.from("data: a\xffb\n\n", "latin1"))).toEqual([message("a\uFFFDb")]);
});

test("an id counts when its block is complete, with or without data", () => {
  const parser = new EventParser("0");
  expect(parser.lastId).toBe("0");
  parser.push(Buffer.from("id: 1\n\nid: 2\ndata: lost"));
  expect(parser.lastId).toBe("1");
});

test("`retry` accepts only a number of milliseconds", () => {
  const parser = new EventParser();
  parser.push(Buffer.from("retry: soon\nretry:\nretry: -1\nretry: 1e3\n"));
  expect(parser.retryMs).toBeUndefined();
  parser.push(Buffer.from("retry: 0250\n"));
  expect(parser.retryMs).toBe(250);
});

test("an event without an end is rejected, not buffered", () => {
  const parser = new EventParser();
  const piece = Buffer.alloc(1024 * 1024, "x");
  const pushAll = (text: string) => {
    parser.push(Buffer.from(text));
    for (let count = 0; count < 20; count++) parser.push(piece);
  };
  expect(() => pushAll("data: ")).toThrow("cannot read a server-sent event that is longer than 16777216 characters");
  const lines = new EventParser();
  const line = Buffer.from(`data: ${"x".repeat(1024 * 1024)}\n`);
  expect(() => Array.from({ length: 20 }, () => lines.push(line))).toThrow(RangeError);
});

describe("any stream", () => {
  const text = fc
    .string({ unit: fc.constantFrom("a", " ", ":", "é", "€", "🙂", "\uFEFF", "\t", "data: ") })
    .filter((line) => !/[\r\n]/.test(line));
  const block = fc.record({
    event: fc.option(text),
    id: fc.option(text),
    data: fc.array(text, { maxLength: 3 }),
    comment: fc.option(text),
    space: fc.boolean(),
  });
  const lineEnd = fc.constantFrom("\n", "\r\n", "\r");

  test("is parsed the same, however it is split into chunks", () => {
    const streams = fc.tuple(fc.array(block), fc.array(lineEnd, { minLength: 1 }), fc.boolean());
    fc.assert(
      fc.property(streams, fc.array(fc.nat({ max: 40 })), ([blocks, ends, hasMark], cuts) => {
        const stream = Buffer.from((hasMark ? "\uFEFF" : "") + joinLines(blocks.flatMap(linesOf), ends));
        expect(parse(...piecesOf(stream, cuts))).toEqual(eventsOf(blocks));
      }),
      { numRuns: 500 },
    );
  });
});

interface Block {
  event: string | null;
  id: string | null;
  data: string[];
  comment: string | null;
  space: boolean;
}

function linesOf({ event, id, data, comment, space }: Block): string[] {
  // A value that begins with a space needs another one before it.
  const field = (name: string, value: string) => `${name}:${space || value.startsWith(" ") ? " " : ""}${value}`;
  return [
    ...(comment === null ? [] : [`:${comment}`]),
    ...(id === null ? [] : [field("id", id)]),
    ...data.map((line) => field("data", line)),
    ...(event === null ? [] : [field("event", event)]),
    "",
  ];
}

/** Ends the lines with `ends` in turn. An LF must not follow a CR that ends a line by itself. */
function joinLines(lines: readonly string[], ends: readonly string[]): string {
  let stream = "";
  for (const [index, line] of lines.entries()) {
    const end = ends[index % ends.length] ?? "\n";
    const wouldMerge = line === "" && stream.endsWith("\r") && end === "\n";
    stream += line + (wouldMerge ? "\r" : end);
  }
  return stream;
}

function eventsOf(blocks: readonly Block[]): StreamEvent[] {
  let lastId = "";
  return blocks.flatMap(({ event, id, data }) => {
    lastId = id ?? lastId;
    return data.length === 0 ? [] : [{ event: event || "message", data: data.join("\n"), id: lastId }];
  });
}

function piecesOf(stream: Buffer, cuts: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const length of cuts) {
    pieces.push(stream.subarray(from, from + length));
    from += length;
  }
  return [...pieces, stream.subarray(from)];
}
