import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createEventEncoder, createRawEncoder } from "../../../src/http/streams/output-encoder.ts";
import { toJsonLine, toJsonLines } from "../../../src/http/feed/json-line.ts";
import { toJsonPieces } from "../../../src/http/operation/json-pieces.ts";
import { OutputReader } from "../../../src/reading/output-reader.ts";
import { waitFor } from "../../wait-for.ts";
import { createFleet } from "../../reading/fleet.ts";
import { eventsOf, readEvents, type SeenEvent } from "../feed/event-stream.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const { run } = host;
const limit = 60 * 1024;

const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);

type Format = "text" | "json" | "base64";

/** Encodes an output as a client receives it, as server-sent events or as lines. */
function encodeAll(output: Buffer, { format, isEvents }: { format: Format; isEvents: boolean }): Buffer[] {
  const fleet = createFleet({ labels: ["out"], capacity: 2 ** 20, keptExits: 10 });
  fleet.write(fleet.spawn(), "out", output, 1_000_000);
  fleet.exit(1, 1_000_000);
  const unit = format === "base64" ? "bytes" : "lines";
  const reader = new OutputReader(fleet.source, { start: { kind: "held" }, unit, onReady() {} });
  const encoder = isEvents ? createEventEncoder(format) : createRawEncoder(format);
  const frames: Buffer[] = [];
  const after = (to?: number) => {
    if (to !== undefined) reader.unread(to);
    return "r12345678_1_2s_2s";
  };
  for (;;) {
    const item = reader.next(encoder.maxBytes, Infinity);
    if (item === undefined) return frames;
    if (item.kind === "bytes") frames.push(Buffer.from(encoder.encode(item, { before: undefined, after })));
  }
}

const parts = fc.constantFrom(
  "\0",
  '"',
  "\\",
  "\n",
  "\r",
  "\r\n",
  "é",
  "🦉",
  "\u2028",
  "\u0085",
  "abc\n",
  "z".repeat(99),
);
const texts = fc.tuple(fc.array(parts, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 200_000 }));
const outputs = fc
  .oneof(
    texts.map(([some, length]) => Buffer.from(some.join("").repeat(Math.ceil(length / some.join("").length)))),
    fc.uint8Array({ minLength: 1, maxLength: 500 }).map((bytes) => Buffer.concat(Array(300).fill(bytes))),
  )
  .map((bytes) => bytes.subarray(0, 400_000));

describe("every encoded piece is under 60 KiB, and together they contain the whole output", () => {
  test.each([
    ["text", true],
    ["json", true],
    ["base64", true],
    ["json", false],
    ["base64", false],
  ] as const)(
    "format=%s, events %p",
    async (format, isEvents) => {
      await fc.assert(
        fc.asyncProperty(outputs, async (output) => {
          const frames = encodeAll(output, { format, isEvents });
          for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(limit);
          const all = Buffer.concat(frames);
          const data = isEvents ? (await eventsOf(all)).map((event) => event.data) : all.toString().trim().split("\n");
          if (format === "base64")
            expect(Buffer.concat(data.map((each) => Buffer.from(each, "base64")))).toEqual(output);
          if (format === "json") {
            const documents = data.map((each) => JSON.parse(each));
            expect(documents.map((each) => each.data).join("").length).toBeGreaterThanOrEqual(output.toString().length);
            if (Buffer.from(output.toString()).equals(output)) {
              expect(documents.map((each) => each.data).join("")).toBe(output.toString());
            }
            for (const { data: text, partial } of documents.slice(0, -1))
              if (!text.endsWith("\r")) expect(partial ?? false).toBe(!text.endsWith("\n"));
            expect(all.toString()).not.toMatch(/[\u0085\u2028\u2029]/);
          }
          if (format === "text" && !/[^\n\r]{50000}/.test(output.toString("latin1"))) {
            const lines = output.toString().replaceAll(/\r\n?/g, "\n").replace(/\n$/, "");
            expect(data.join("\n")).toBe(lines);
          }
        }),
        { numRuns: 60, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false },
      );
    },
    60_000,
  );
});

test("a line of more than 60 KiB is sent in pieces; in JSON all but the last are marked `partial`", async () => {
  const id = await run(`head -c 150000 /dev/zero | tr '\\0' x; echo; echo short`, { output_buffer: 2 ** 20 });
  await waitFor(() => host.serving.process(id).outputEnded, "the end");
  const lines = (await (await get(`/streams/${id}/out?feed=continuous&format=json`)).text()).trim().split("\n");
  const documents = lines.map((line) => JSON.parse(line));
  expect(documents.map(({ data }) => data).join("")).toBe(`${"x".repeat(150_000)}\nshort\n`);
  expect(documents.map(({ partial }) => partial)).toEqual(
    [true, true, undefined, undefined].slice(0, documents.length),
  );
});

test("JSON that is too long for a line is split between values and stays the same JSON", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), fc.integer({ min: 20, max: 200 }), (value, maxBytes) => {
      const json = toJsonLine([value, value]);
      for (const pieces of [[json], [...toJsonPieces([value, value].values())]]) {
        const lines = [...toJsonLines(pieces, maxBytes)];
        expect(lines.join("")).toBe(json);
        expect(JSON.stringify(JSON.parse(lines.join("\n")))).toBe(json);
      }
    }),
  );
  const samples = Array.from({ length: 500 }, (_, index) => ({ name: `web ${index}, "é"`, cpu: index }));
  for (const pieces of [[toJsonLine(samples)], toJsonPieces(samples)]) {
    const lengths = [...toJsonLines(pieces, 1000)].map((line) => Buffer.byteLength(line));
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1000);
    expect(Math.min(...lengths.slice(0, -1))).toBeGreaterThan(900);
  }
});

describe("a carriage return and its line feed", () => {
  test("with a pause in between are one line end", async () => {
    const id = await run("printf 'one\\r'; sleep 0.4; printf '\\ntwo\\r'; sleep 0.4; printf '\\n'; printf 'three\\n'");
    const events = await Array.fromAsync(readEvents((await get(`/streams/${id}/out?feed=eventsource`)).body));
    const data = events.filter(({ event }) => event === "out").map((event) => event.data);
    expect(data.join("\n")).toBe("one\ntwo\nthree");
    // A client that reconnects in between does not get the line end again.
    const [first] = events;
    const rest = await get(`/streams/${id}/out?feed=eventsource&since=${first?.id}`);
    const after = (await Array.fromAsync(readEvents(rest.body))).filter(({ event }) => event === "out");
    expect(after.map((event) => event.data).join("\n")).toBe("two\nthree");
  });

  test("are both kept in JSON", async () => {
    const id = await run("printf 'one\\r'; sleep 0.4; printf '\\n'");
    const text = await (await get(`/streams/${id}/out?feed=continuous&format=json`)).text();
    const documents = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(documents.map(({ data }) => data).join("")).toBe("one\r\n");
  });
});

describe("labels and names of events", () => {
  test.each(["exit", "gap", "run", "spawn"])("%s, an event of the stream, cannot be a label", async (label) => {
    const body = JSON.stringify({ name: "labelled", cmd: "true", redirect_output: ["out", label] });
    const answer = await get("/processes", { method: "POST", body });
    const error = { error: "invalid_process_info", field: "redirect_output.1" };
    expect([answer.status, await answer.json()]).toMatchObject([400, error]);
  });

  test.each(["error", "message", "open"])(
    "%s, an event of `EventSource`, is sent with the prefix `label:`",
    async (label) => {
      const id = await run("echo said", { redirect_output: [label] });
      const read = async (format: string) => {
        const answer = await get(`/streams/${id}/${label}?feed=eventsource&format=${format}`);
        return (await Array.fromAsync(readEvents(answer.body)))[0];
      };
      expect(await read("text")).toMatchObject({ event: `label:${label}`, data: "said" });
      const { event, data = "" } = (await read("json")) ?? ({} as Partial<SeenEvent>);
      expect([event, JSON.parse(data).stream]).toEqual([`label:${label}`, label]);
    },
  );
});

test("the stream of a template has exits in order with the output, also for readers that connect later", async () => {
  const cmd = "echo from $GAFFER_SLOT; read go; echo last of $GAFFER_SLOT; exit 3";
  await host.serving.create({ name: "three", cmd, shell: true, numprocesses: 3, redirect_input: true });
  const { processes } = host.serving.daemon.manager.get("three");
  const ids = processes.map(({ id }) => id);
  await waitFor(() => processes.every(({ rings }) => rings.get("out")?.head === 7), "the first lines");
  for (const id of ids) {
    const process = host.serving.process(id);
    await process.stdin?.write(Buffer.from("\n"), { timeoutMs: 10_000 });
    await waitFor(() => process.outputEnded, `the end of process ${id}`);
  }
  const text = await (await get("/streams/three?feed=eventsource&follow=false")).text();
  const story = (await eventsOf(Buffer.from(text))).map(({ event, data }) => (event === "exit" ? "exit" : data));
  expect(story.slice(3)).toEqual(["last of 0", "exit", "last of 1", "exit", "last of 2", "exit"]);
});
