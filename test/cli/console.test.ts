import { expect, test } from "bun:test";
import { createConsole, type PrintedOutput } from "../../src/cli/console.ts";
import type { GafferdEvent } from "../../src/events/event.ts";
import { waitFor } from "../wait-for.ts";

const base = { sequence: 1, timeMs: Date.UTC(2026, 0, 31, 12), name: "web:api" };
const ids = { id: 7, osPid: 4711, slot: 0, detached: false };
const time = "2026-01-31T12:00:00.000Z";

test.each<[GafferdEvent, string]>([
  [{ ...base, type: "create" }, "web:api create"],
  [{ ...base, type: "flap" }, "web:api flap, given up"],
  [{ ...base, type: "flap", retryAtMs: base.timeMs + 7000 }, "web:api flap, next attempt at 2026-01-31T12:00:07.000Z"],
  [{ ...base, ...ids, type: "spawn" }, "web:api[7] spawn, os_pid 4711"],
  [{ ...base, ...ids, detached: true, type: "spawn" }, "web:api[7] spawn, os_pid 4711, detached"],
  [{ ...base, ...ids, type: "reap" }, "web:api[7] reap"],
  [{ ...base, ...ids, type: "exit", status: { exitCode: 3 } }, "web:api[7] exit, status 3"],
  [{ ...base, ...ids, type: "exit", status: { signal: "SIGTERM" } }, "web:api[7] exit, SIGTERM"],
])("the event %j is one line with its time", (event, text) => {
  expect(printEvent(event)).toBe(`${time} ${text}\n`);
});

test("a line of output begins with the name, the id and the label", async () => {
  expect(await printLine({ name: "web", id: 7, label: "stderr" }, "ready")).toBe("web[7] stderr | ready\n");
});

test("a name has the same colour in events and output; other names have other colours", async () => {
  const coloursOf = (names: readonly string[]) => Promise.all(names.map(async (name) => colourOf(await lineOf(name))));
  const [colour, ...others] = await coloursOf(["web", "db", "cron", "mail"]);
  expect(colour).toBeDefined();
  expect(colourOf(printEvent({ ...base, name: "web", type: "create" }, { colours: true }))).toBe(colour);
  expect(colourOf(printEvent({ ...base, ...ids, name: "web", type: "reap" }, { colours: true }))).toBe(colour);
  expect(new Set([colour, ...others]).size).toBeGreaterThan(1);
});

test("repeated events are all printed", () => {
  const { outlet, written } = createSlowOutlet();
  const console = createConsole({ outlet, colours: false });
  for (let count = 0; count < 100; count++) console.printEvent({ ...base, type: "create" });
  expect(written).toHaveLength(100);
});

test("a process can colour its lines if colours are on, and cannot control the terminal otherwise", async () => {
  const line = "\u001B[31mred\u001B]0;title\u0007\u001B[2J\u009B2J";
  const shown = (colours: boolean) => printLine({ name: "a", id: 1, label: "o" }, line, { colours });
  expect(await shown(true)).toEndWith(" | \u001B[31mred\\x1b]0;title\\x07\\x1b[2J\\x9b2J\u001B[0m\n");
  expect(await shown(false)).toBe("a[1] o | red\\x1b]0;title\\x07\\x1b[2J\\x9b2J\n");
});

test("a name cannot forge a line or move the cursor", () => {
  const event: GafferdEvent = { ...base, name: "a\n2026 b create\u001B[2J", type: "create" };
  expect(printEvent(event)).toBe(`${time} a\\n2026 b create\\x1b[2J create\n`);
});

test("outputs are printed in turn, and the next chunk is read after the last one was written", async () => {
  const { outlet, written, release } = createSlowOutlet();
  const console = createConsole({ outlet, colours: false });
  const taken: string[] = [];
  async function* chunks(name: string) {
    for (const count of [1, 2]) {
      taken.push(`${name}${count}`);
      yield new TextEncoder().encode(`${name} ${count}\n`);
    }
  }
  const printed = ["a", "b"].map((name, id) => console.printOutput({ name, id, label: "o" }, chunks(name)));
  await waitFor(() => written.length > 0, "the first line");
  expect(taken).toEqual(["a1", "b1"]);
  expect(written).toEqual(["a[0] o | a 1\n"]);
  release();
  await Promise.all(printed);
  expect(written.toSorted()).toEqual(["a[0] o | a 1\n", "a[0] o | a 2\n", "b[1] o | b 1\n", "b[1] o | b 2\n"]);
});

test("reading an output stops when stdout has no reader any more", async () => {
  const console = createConsole({
    outlet: { hasReader: false, write: () => {}, flushed: () => Promise.resolve() },
    colours: false,
  });
  let count = 0;
  async function* endless() {
    for (;;) {
      count += 1;
      yield new TextEncoder().encode("line\n");
    }
  }
  await console.printOutput({ name: "a", id: 1, label: "stdout" }, endless());
  expect(count).toBe(1);
});

/** The number in `ESC [ 31 m`. */
function colourOf(text: string): string | undefined {
  return /\[(\d+)m/.exec(text)?.[1];
}

function lineOf(name: string): Promise<string> {
  return printLine({ name, id: 1, label: "stdout" }, "x", { colours: true });
}

function printEvent(event: GafferdEvent, { colours = false } = {}): string {
  const { outlet, written } = createSlowOutlet();
  createConsole({ outlet, colours }).printEvent(event);
  return written.join("");
}

async function printLine(source: PrintedOutput, line: string, { colours = false } = {}): Promise<string> {
  const { outlet, written, release } = createSlowOutlet();
  release();
  async function* chunks() {
    yield new TextEncoder().encode(`${line}\n`);
  }
  await createConsole({ outlet, colours }).printOutput(source, chunks());
  return written.join("");
}

function createSlowOutlet() {
  const { promise, resolve: release } = Promise.withResolvers<void>();
  const written: string[] = [];
  const outlet = { hasReader: true, write: (text: string) => written.push(text), flushed: () => promise };
  return { outlet, written, release };
}
