import { describe, expect, test } from "bun:test";
import { GafferdError } from "../../src/errors.ts";
import type { ExitStatus } from "../../src/process/exit-status.ts";
import { noTally } from "../../src/supervisor/tally.ts";
import { decideExit, decideSpawnFailure, type UnexpectedExit } from "../../src/supervisor/verdict.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { sampleTemplate } from "../process/sample-template.ts";

const exit = { id: 7, ranMs: 500, exitedAtMs: 1500, exitsInARow: 1, delayMs: 0 };
const judge = (settings: Partial<ProcessTemplate>, status: ExitStatus, of: Partial<UnexpectedExit> = {}) =>
  decideExit(sampleTemplate(settings), { ...exit, status, ...of }, noTally);

test.each([
  ["always", { exitCode: 0 }, "respawn"],
  ["always", { exitCode: 1 }, "respawn"],
  ["always", { signal: "SIGKILL" }, "respawn"],
  ["on-failure", { exitCode: 0 }, "ended"],
  ["on-failure", { exitCode: 1 }, "respawn"],
  ["on-failure", { signal: "SIGTERM" }, "respawn"],
  ["never", { exitCode: 1 }, "ended"],
  ["never", { signal: "SIGSEGV" }, "ended"],
] as const)("restart = %s after %o: %s", (restart, status, expected) => {
  expect(judge({ restart }, status).kind).toBe(expected);
});

test("exit codes in `success_codes` are not failures", () => {
  const settings = { restart: "on-failure", successCodes: [2, 3] } as const;
  expect(judge(settings, { exitCode: 3 }).kind).toBe("ended");
  expect(judge(settings, { exitCode: 0 }).kind).toBe("respawn");
});

test("a detached process is not restarted", () => {
  expect(judge({ detach: true, restart: "always" }, { exitCode: 1 }).kind).toBe("ended");
});

test("exits without a restart do not count as flapping", () => {
  const settings = {
    flapping: { attempts: 1, windowMs: 1000, retryInMs: 1, maxRetries: 0 },
    restart: "on-failure",
  } as const;
  expect(judge(settings, { exitCode: 0 }).kind).toBe("ended");
  expect(judge(settings, { exitCode: 1 }).kind).toBe("flapped-out");
});

test("with a delay the slot waits, and the reason has the exit and how often it happened in a row", () => {
  expect(judge({}, { exitCode: 3 }, { delayMs: 100 })).toMatchObject({
    kind: "wait",
    reason: "exited with status 3 after 0.5 s",
  });
  expect(judge({}, { signal: "SIGSEGV" }, { delayMs: 100, exitsInARow: 14, ranMs: 12.4 })).toMatchObject({
    kind: "wait",
    reason: "was killed by SIGSEGV after 0.01 s, 14 times in a row",
  });
});

test("flapping comes before the delay", () => {
  const flapping = { attempts: 1, windowMs: 1000, retryInMs: 7000, maxRetries: 1 };
  expect(judge({ flapping }, { exitCode: 1 }, { delayMs: 100 })).toMatchObject({ kind: "flapping", retryAtMs: 8500 });
});

const decide = (settings: Partial<ProcessTemplate>, failure: GafferdError, before = noTally, nowMs = 1000) =>
  decideSpawnFailure(sampleTemplate(settings), failure, before, { nowMs, random: 0 });

describe("a process that could not be spawned", () => {
  const backoff = { minMs: 100, maxMs: 1000, factor: 4, jitter: 0, resetAfterMs: 5000 };
  const missing = new GafferdError("spawn_failed", "no such program", { details: { transient: false } });
  test("is retried with growing delays, if the failure is temporary", () => {
    const failure = new GafferdError("spawn_failed", "no descriptors", { details: { transient: true } });
    const first = decide({}, failure);
    expect(first).toMatchObject({ kind: "deferred", retryAtMs: 1100, reason: "no descriptors" });
    expect(decide({}, failure, first.tally, 2000)).toMatchObject({
      kind: "deferred",
      retryAtMs: 2200,
      reason: "no descriptors, 2 times in a row",
    });
  });

  test("with a backoff is retried after its delays, for any failure", () => {
    const first = decide({ backoff }, missing);
    expect(first).toMatchObject({ kind: "deferred", retryAtMs: 1100 });
    const second = decide({ backoff, restart: "on-failure" }, missing, first.tally, 2000);
    expect(second).toMatchObject({ kind: "deferred", retryAtMs: 2400 });
    expect(decide({ backoff }, missing, { ...noTally, spawnFailures: 99 })).toMatchObject({ retryAtMs: 2000 });
  });

  test.each([
    ["without a backoff", {}],
    ["where no exit would be followed by a start", { backoff, restart: "never" }],
    ["that is detached", { backoff, detach: true }],
  ] as const)("%s is given up if the failure is not temporary", (_, settings) => {
    expect(decide(settings, missing)).toMatchObject({ kind: "unspawnable", reason: "no such program" });
  });
});
