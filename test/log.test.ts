import { describe, expect, test } from "bun:test";
import { closeSync } from "node:fs";
import { configureLog, createLogger, createOutlet, log, printable, timestamp } from "../src/log.ts";
import { openPipe, setNonBlocking } from "../src/process/spawn/pipe.ts";

const startOfLine = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

describe("a logger", () => {
  test("writes one line with time and level for each message", () => {
    const lines = record((logger) => {
      logger.info("listens");
      logger.error("cannot listen");
    });
    expect(lines.map((line) => line.replace(startOfLine, ""))).toEqual(["info  listens", "error cannot listen"]);
    for (const line of lines) expect(line).toMatch(startOfLine);
  });

  test("leaves out what is less than its level", () => {
    const all = ["debug", "info", "warn", "error"] as const;
    for (const [index, level] of all.entries()) {
      const lines = record((logger) => all.forEach((name) => logger[name](name)), { level });
      expect(lines.map((line) => line.split(" ").at(-1))).toEqual(all.slice(index));
    }
  });

  test("shows the stack of an error, and of its cause, indented below the message", () => {
    const error = new Error("outer", { cause: new TypeError("inner") });
    const [first, ...stack] = record((logger) => logger.warn("failed", error));
    expect(first).toEndWith(" warn  failed");
    expect(stack.every((line) => line.startsWith("    "))).toBe(true);
    expect(stack.join("\n")).toMatch(/^ {4}Error: outer\n( {4}at .*\n)+ {4}caused by:\n {4}TypeError: inner\n/);
  });

  test("keeps a message on its line, whatever is in it", () => {
    const lines = record((logger) => logger.info("a\n2026-01-01T00:00:00.000Z error b\u001B[2J\u001B[31m"));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toEndWith("a\\n2026-01-01T00:00:00.000Z error b\\x1b[2J");
  });

  test("is the whole program's once it is configured", () => {
    let text = "";
    configureLog({ level: "error", write: (more) => (text += more) });
    log.warn("no");
    log.error("yes");
    configureLog({});
    expect(text).toEndWith(" error yes\n");
    expect(text).not.toContain("no\n");
  });
});

test("a terminal gets the time of its day", () => {
  const date = new Date(2026, 0, 31, 9, 5, 7, 42);
  expect(timestamp(date, { terminal: true })).toBe("09:05:07.042");
  expect(timestamp(date, { terminal: false })).toBe(date.toISOString());
});

describe("what is printed", () => {
  test.each([
    ["plain text, tabs and umlauts: ä 日本 😀\t.", "plain text, tabs and umlauts: ä 日本 😀\t."],
    ["\u001B]0;title\u0007", "\\x1b]0;title\\x07"],
    ["\u001B[2J\u001B[1;1H\u001Bc", "\\x1b[2J\\x1b[1;1H\\x1bc"],
    ["\u009B2J\u0085", "\\x9b2J\\x85"],
    ["a\rb\nc\u2028d", "a\\rb\\nc\\u2028d"],
    ["\u0000\u0008\u007F", "\\x00\\x08\\x7f"],
    ["\u202Eevil\u2066", "\\u202eevil\\u2066"],
    ["\u001B[>4;1m", "\\x1b[>4;1m"],
    ["\u001B[31", "\\x1b[31"],
  ])("%j is shown as %j", (text, shown) => {
    expect(printable(text)).toBe(shown);
    expect(printable(text, { colours: true })).toBe(shown);
  });

  test("keeps colours where they are allowed, and ends them", () => {
    expect(printable("\u001B[1;31mred\u001B[38:5:9mX", { colours: true })).toBe(
      "\u001B[1;31mred\u001B[38:5:9mX\u001B[0m",
    );
    expect(printable("\u001B[1;31mred\u001B[m")).toBe("red");
  });
});

describe("an outlet", () => {
  test("writes in order, all of it", async () => {
    const { readEnd, outlet, closeOutlet } = openOutlet();
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index}\n`);
    const text = readText(readEnd);
    for (const line of lines) outlet.write(line);
    await outlet.flushed();
    closeOutlet();
    expect(await text).toBe(lines.join(""));
  });

  test("does not wait for a reader that takes nothing, holds little for it, and says what it left out", async () => {
    const { readEnd, outlet, closeOutlet } = openOutlet();
    const line = `${"x".repeat(1023)}\n`;
    const startMs = performance.now();
    for (let count = 0; count < 10_000; count++) outlet.write(line);
    expect(performance.now() - startMs).toBeLessThan(10_000);
    const text = readText(readEnd);
    await outlet.flushed();
    closeOutlet();
    const [, kept = "", left = ""] = /^((?:x+\n)+)\((\d+) lines left out: .*\)\n$/.exec(await text) ?? [];
    expect(kept.length).toBeLessThan(1.2 * 1024 * 1024);
    expect(kept.length / line.length + Number(left)).toBe(10_000);
  });

  test("takes a text that is larger than all it holds", async () => {
    const { readEnd, outlet, closeOutlet } = openOutlet();
    const text = readText(readEnd);
    outlet.write("y".repeat(3_000_000));
    await outlet.flushed();
    closeOutlet();
    expect(await text).toHaveLength(3_000_000);
  });

  test("waits at a full pipe that does not block", async () => {
    const { readEnd, writeEnd, outlet, closeOutlet } = openOutlet();
    setNonBlocking(writeEnd);
    outlet.write("z".repeat(300_000));
    const text = readText(readEnd);
    await outlet.flushed();
    closeOutlet();
    expect(await text).toHaveLength(300_000);
  });

  test("ignores what is written when its reader has gone", async () => {
    const { readEnd, outlet, closeOutlet } = openOutlet();
    expect(outlet.hasReader).toBe(true);
    closeSync(readEnd);
    outlet.write("to nobody\n");
    await outlet.flushed();
    expect(outlet.hasReader).toBe(false);
    outlet.write("to nobody\n");
    await outlet.flushed();
    closeOutlet();
  });
});

function openOutlet() {
  const { readEnd, writeEnd } = openPipe();
  return { readEnd, writeEnd, outlet: createOutlet(writeEnd), closeOutlet: () => closeSync(writeEnd) };
}

async function readText(descriptor: number): Promise<string> {
  const text = await Bun.file(descriptor).text();
  closeSync(descriptor);
  return text;
}

function record(use: (logger: ReturnType<typeof createLogger>) => void, options = {}): string[] {
  let text = "";
  use(createLogger({ write: (more) => (text += more), ...options }));
  return text.split("\n").slice(0, -1);
}
