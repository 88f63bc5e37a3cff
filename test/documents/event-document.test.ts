import { expect, test } from "bun:test";
import { bootId } from "../../src/boot.ts";
import { toEventDocument } from "../../src/documents/event-document.ts";
import { toExitStatusDocument } from "../../src/documents/exit-status-document.ts";

const base = { name: "web", sequence: 7, timeMs: 0 } as const;
const process = { id: 1, osPid: 4711, slot: 0, detached: false } as const;
const shared = { name: "web", time: "1970-01-01T00:00:00.000Z", seq: 7 } as const;
const ids = { pid: 1, os_pid: 4711, slot: 0, detached: false } as const;

test("an event about a template has its name, time and number", () => {
  expect(toEventDocument({ type: "create", ...base })).toEqual({ event: "create", ...shared });
});

test("an event about a process has its ids", () => {
  expect(toEventDocument({ type: "spawn", ...base, ...process })).toEqual({ event: "spawn", ...shared, ...ids });
});

test("an exit has the exit status or the signal", () => {
  const exit = { type: "exit", ...base, ...process } as const;
  const report = `/processes/web/_history/1?boot=${bootId}`;
  const document = { event: "exit", ...shared, ...ids, report } as const;
  expect(toEventDocument({ ...exit, status: { exitCode: 3 } })).toEqual({
    ...document,
    exit_status: 3,
    term_signal: null,
  });
  expect(toEventDocument({ ...exit, status: { signal: "SIGTERM" } })).toEqual({
    ...document,
    exit_status: null,
    term_signal: "SIGTERM",
  });
});

test("a flap has the time of the retry, or null if gafferd gave up", () => {
  expect(toEventDocument({ type: "flap", ...base, retryAtMs: 1500 }).retry_at).toBe("1970-01-01T00:00:01.500Z");
  expect(toEventDocument({ type: "flap", ...base }).retry_at).toBeNull();
});

test("a running process has neither an exit status nor a signal", () => {
  expect(toExitStatusDocument(undefined)).toEqual({ exit_status: null, term_signal: null });
});

test("the report of a run is the run itself", () => {
  const exit = { type: "exit", ...base, ...process, status: { exitCode: 0 } } as const;
  expect(toEventDocument({ ...exit, name: "run~build 42" }).report).toBe("/runs/build%2042");
});
