import { describe, expect, test } from "bun:test";
import { configureLog, createLogger, log } from "../src/log.ts";

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

  test("leaves out messages below its level", () => {
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

  test("keeps any message on one line", () => {
    const lines = record((logger) => logger.info("a\n2026-01-01T00:00:00.000Z error b\u001B[2J\u001B[31m"));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toEndWith("a\\n2026-01-01T00:00:00.000Z error b\\x1b[2J");
  });

  test("is used by the whole program after configureLog", () => {
    let text = "";
    configureLog({ level: "error", write: (more) => (text += more) });
    log.warn("no");
    log.error("yes");
    configureLog({});
    expect(text).toEndWith(" error yes\n");
    expect(text).not.toContain("no\n");
  });
});

describe("a box", () => {
  const lines = ["gafferd listens on http://127.0.0.1:5000", "\u001B[2Jdashboard: `x`"];

  test("is drawn on a terminal, without control characters that move the cursor", () => {
    const drawn = record((logger) => logger.box(lines), { terminal: true });
    expect(drawn).toHaveLength(6);
    expect(drawn[0]).toContain("╭");
    expect(drawn[2]).toMatch(/│.*  gafferd listens on http:\/\/127\.0\.0\.1:5000  .*│/);
    expect(drawn[3]).toContain("\\x1b[2Jdashboard: `x`");
    expect(drawn[5]).toContain("╯");
  });

  test("is not drawn when a line is wider than the terminal", () => {
    const wide = "x".repeat(90);
    expect(record((logger) => logger.box([wide, "y"]), { terminal: true })).toEqual([wide, "y"]);
  });

  test("is printed as plain lines elsewhere", () => {
    const written = record((logger) => logger.box(lines)).map((line) => line.replace(startOfLine, ""));
    expect(written).toEqual([`info  ${lines[0]}`, "info  \\x1b[2Jdashboard: `x`"]);
  });
});

test("a line about a process has a tag and no level", () => {
  const date = new Date(Date.UTC(2026, 0, 31));
  const written = record((logger) => logger.event({ tag: "web[1]", message: "exit, status 3", date }));
  expect(written).toEqual(["2026-01-31T00:00:00.000Z web[1] exit, status 3"]);
});

test("different errors with the same message are all logged", () => {
  const causes = Array.from({ length: 10 }, (_, index) => new Error(`cause ${index}`));
  const written = record((logger) => causes.forEach((cause) => logger.error("unhandled error", cause)));
  expect(written.filter((line) => line.startsWith("    Error: cause "))).toHaveLength(10);
});

test("a line that repeats is counted, an event is not", () => {
  const date = new Date(0);
  const written = record((logger) => {
    for (let count = 0; count < 20; count++) logger.warn("again");
    logger.warn("other");
    for (let count = 0; count < 20; count++) logger.event({ tag: "web", message: "start", date });
  });
  expect(written.filter((line) => line.endsWith("again"))).toHaveLength(6);
  expect(written.some((line) => / warn  again \(repeated 1\d times\)$/.test(line))).toBe(true);
  expect(written.filter((line) => line.includes("web start"))).toHaveLength(20);
});

function record(use: (logger: ReturnType<typeof createLogger>) => void, options = {}): string[] {
  let text = "";
  use(createLogger({ write: (more) => (text += more), ...options }));
  return text.split("\n").slice(0, -1);
}
