import { describe, expect, test } from "bun:test";
import type { GafferdEvent } from "../../src/events/event.ts";
import { matches, parsePattern } from "../../src/events/pattern.ts";

describe("a pattern", () => {
  test.each([
    [[], {}],
    [["."], {}],
    [["exit"], { type: "exit" }],
    [["stop_pid"], { type: "stop_pid" }],
    [["proc", "web"], { name: "web" }],
    [["proc", "web", "spawn"], { name: "web", type: "spawn" }],
    [["proc", "my.app"], { name: "my.app" }],
    [["proc", "my.exit", "exit"], { name: "my.exit", type: "exit" }],
    [["proc.web"], { name: "web" }],
    [["proc.my.app.exit"], { name: "my.app", type: "exit" }],
    [["proc.my.app"], { name: "my.app" }],
    [["proc.exit"], { name: "exit" }],
  ])("%j is %o", (parts, pattern) => {
    expect(parsePattern(parts)).toEqual(pattern);
  });

  test.each([
    [["nothing"]],
    [["proc"]],
    [["proc", ""]],
    [["proc."]],
    [["proc", "web", "nothing"]],
    [["exit", "web"]],
    [["proc", "web", "exit", "more"]],
    [[".", "exit"]],
  ])("%j is refused with the list of event types", (parts) => {
    expect(() => parsePattern(parts)).toThrow("there are create, start, stop,");
  });

  test("matches only events of its type and its name", () => {
    const event = { type: "exit", name: "web" } as GafferdEvent;
    expect(matches({}, event)).toBe(true);
    expect(matches({ type: "exit" }, event)).toBe(true);
    expect(matches({ type: "spawn" }, event)).toBe(false);
    expect(matches({ name: "web" }, event)).toBe(true);
    expect(matches({ name: "we" }, event)).toBe(false);
    expect(matches({ name: "web", type: "spawn" }, event)).toBe(false);
  });
});
