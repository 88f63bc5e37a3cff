import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { delayAfter, type ExitStreak, noExitStreak, streakAfterExit } from "../../src/supervisor/backoff.ts";
import type { BackoffPolicy } from "../../src/template/template.ts";
import { parseTemplate } from "../../src/template/schema.ts";

const policy = { minMs: 100, maxMs: 1000, factor: 3, jitter: 0, resetAfterMs: 5000 };
const crash = (ranMs = 0, random = 0) => ({ ranMs, random });

/** The delays after consecutive exits; `runsMs` is how long each process ran. */
function delaysAfter(runsMs: readonly number[], of: BackoffPolicy | "off" = policy): number[] {
  let streak: ExitStreak = noExitStreak;
  return runsMs.map((ranMs) => {
    const next = streakAfterExit(of === "off" ? undefined : of, streak, crash(ranMs));
    streak = next.streak;
    return next.delayMs;
  });
}

describe("the delay after an exit", () => {
  test("is `min`, then `factor` times longer each time, up to `max`", () => {
    expect(delaysAfter([0, 0, 0, 0, 0])).toEqual([100, 300, 900, 1000, 1000]);
  });

  test("is 0 after the first exit, if the process ran for at least 1 s", () => {
    expect(delaysAfter([1000])).toEqual([0]);
    expect(delaysAfter([999])).toEqual([100]);
    expect(delaysAfter([2000, 2000, 2000])).toEqual([0, 100, 300]);
    expect(delaysAfter([0, 2000])).toEqual([100, 300]);
  });

  test("starts again at `min` after a run of `reset_after`", () => {
    expect(delaysAfter([0, 0, 4999, 5000, 0])).toEqual([100, 300, 900, 0, 100]);
    expect(delaysAfter([60_000, 60_000, 60_000])).toEqual([0, 0, 0]);
  });

  test("is `min` after a run of `reset_after` that was shorter than 1 s", () => {
    expect(delaysAfter([500, 500], { ...policy, resetAfterMs: 500 })).toEqual([100, 100]);
  });

  test("is 0 without a policy; exits are still counted, and a run of 10 s resets the count", () => {
    expect(delaysAfter([0, 0, 0], "off")).toEqual([0, 0, 0]);
    const before = { exits: 13, delays: 0 };
    expect(streakAfterExit(undefined, before, crash(9999)).streak.exits).toBe(14);
    expect(streakAfterExit(undefined, before, crash(10_000)).streak.exits).toBe(1);
  });

  test("is 0.1 s by default, and doubles up to 30 s, until a process has run for 10 s", () => {
    const { backoff } = parseTemplate({ name: "a", cmd: "a" }, { defaultCwd: "/" });
    const delays = delaysAfter(Array<number>(12).fill(10), { ...policy, ...backoff, jitter: 0 });
    expect(delays.slice(0, 4)).toEqual([100, 200, 400, 800]);
    expect(delays.at(-1)).toBe(30_000);
    expect(backoff).toEqual({ minMs: 100, maxMs: 30_000, factor: 2, jitter: 0.1, resetAfterMs: 10_000 });
  });
});

test("jitter adds at most its share of the delay", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.nat(20), share, share, (delays, jitter, random) => {
      const bare = delayAfter(policy, delays, 0);
      const delayMs = delayAfter({ ...policy, jitter }, delays, random);
      expect(delayMs).toBeGreaterThanOrEqual(bare);
      expect(delayMs).toBeLessThanOrEqual(Math.ceil(bare * (1 + jitter)));
    }),
  );
});

test("the delay is at most `max` after any number of delays, and never longer than a timer can be", () => {
  expect(delayAfter({ ...policy, factor: 1000 }, 10_000, 0)).toBe(1000);
  const days = 24 * 60 * 60 * 1000;
  expect(delayAfter({ ...policy, minMs: 23 * days, maxMs: 23 * days, jitter: 1 }, 0, 1)).toBe(2 ** 31 - 1);
});
