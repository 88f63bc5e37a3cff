import { describe, expect, test } from "bun:test";
import { GafferdError } from "../../src/errors.ts";
import type { ExitStatus } from "../../src/process/exit-status.ts";
import { noTally } from "../../src/supervisor/tally.ts";
import { decideExit, decideSpawnFailure } from "../../src/supervisor/verdict.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { sampleTemplate } from "../process/sample-template.ts";

const judge = (settings: Partial<ProcessTemplate>, status: ExitStatus, before = noTally) =>
  decideExit(sampleTemplate(settings), { id: 7, status, startedAtMs: 1000, exitedAtMs: 1500 }, before, 0);

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

test("`success_codes` says which exit codes are no failure", () => {
  const settings = { restart: "on-failure", successCodes: [2, 3] } as const;
  expect(judge(settings, { exitCode: 3 }).kind).toBe("ended");
  expect(judge(settings, { exitCode: 0 }).kind).toBe("respawn");
});

test("nothing follows a detached process", () => {
  expect(judge({ detach: true, restart: "always" }, { exitCode: 1 }).kind).toBe("ended");
});

test("exits that the restart policy does not follow do not count as flapping", () => {
  const settings = {
    flapping: { attempts: 1, windowMs: 1000, retryInMs: 1, maxRetries: 0 },
    restart: "on-failure",
  } as const;
  expect(judge(settings, { exitCode: 0 }).kind).toBe("ended");
  expect(judge(settings, { exitCode: 1 }).kind).toBe("flapped-out");
});

describe("with a backoff", () => {
  const backoff = { minMs: 100, maxMs: 1000, factor: 2, jitter: 0, resetAfterMs: 5000 };

  test("the place of a process waits, and what is remembered makes the next wait longer", () => {
    const first = judge({ backoff }, { exitCode: 3 });
    expect(first).toMatchObject({ kind: "wait", retryAtMs: 1600 });
    expect(first).toHaveProperty(
      "reason",
      "`sample`[7] ended with status 3 after 0.5 s; its place is filled after a wait",
    );
    const later = decideExit(
      sampleTemplate({ backoff }),
      { id: 8, status: { signal: "SIGSEGV" }, startedAtMs: 1600, exitedAtMs: 1700 },
      first.tally,
      0,
    );
    expect(later).toMatchObject({ kind: "wait", retryAtMs: 1900 });
  });

  test("flapping comes first", () => {
    const flapping = { attempts: 1, windowMs: 1000, retryInMs: 7000, maxRetries: 1 };
    expect(judge({ backoff, flapping }, { exitCode: 1 })).toMatchObject({ kind: "flapping", retryAtMs: 8500 });
  });
});

describe("a process that could not be spawned", () => {
  test("is tried again, after longer each time, if that may pass", () => {
    const failure = new GafferdError("spawn_failed", "no descriptors", { details: { transient: true } });
    const first = decideSpawnFailure(failure, noTally, 1000);
    expect(first).toMatchObject({ kind: "deferred", retryAtMs: 1100, reason: "no descriptors" });
    expect(decideSpawnFailure(failure, first.tally, 2000)).toMatchObject({ kind: "deferred", retryAtMs: 2200 });
  });

  test("is given up if it cannot pass", () => {
    const failure = new GafferdError("spawn_failed", "no such program", { details: { transient: false } });
    expect(decideSpawnFailure(failure, noTally, 0)).toMatchObject({ kind: "unspawnable", reason: "no such program" });
  });
});
