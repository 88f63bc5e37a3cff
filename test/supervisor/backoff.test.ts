import { expect, test } from "bun:test";
import fc from "fast-check";
import { noWaits, waitAfterExit } from "../../src/supervisor/backoff.ts";

const policy = { minMs: 100, maxMs: 1000, factor: 3, jitter: 0, resetAfterMs: 5000 };
const crash = (nowMs: number, ranMs = 0, random = 0) => ({ nowMs, ranMs, random });

test("waits `min`, then `factor` times longer each time, up to `max`", () => {
  const waits: number[] = [];
  let record = waitAfterExit(policy, noWaits, crash(0));
  waits.push(record.untilMs);
  for (let count = 0; count < 3; count++) {
    const nowMs = record.untilMs;
    record = waitAfterExit(policy, record, crash(nowMs));
    waits.push(record.untilMs - nowMs);
  }
  expect(waits).toEqual([100, 300, 900, 1000]);
});

test("a run of `reset_after` begins anew, a shorter one does not", () => {
  const before = { waits: 5, untilMs: 10 };
  expect(waitAfterExit(policy, before, crash(10_000, 4999))).toEqual({ waits: 6, untilMs: 11_000 });
  expect(waitAfterExit(policy, before, crash(10_000, 5000))).toEqual({ waits: 1, untilMs: 10_100 });
});

test("processes that end while a place waits wait with it, and count once", () => {
  const first = waitAfterExit(policy, noWaits, crash(0));
  expect(waitAfterExit(policy, first, crash(99))).toEqual(first);
  expect(waitAfterExit(policy, first, crash(100))).toEqual({ waits: 2, untilMs: 400 });
});

test("a clock that is set back makes nobody wait for hours", () => {
  const hourMs = 3_600_000;
  const before = waitAfterExit({ ...policy, jitter: 0.1 }, noWaits, crash(hourMs, 0, 1));
  expect(waitAfterExit(policy, before, crash(0)).untilMs).toBe(300);
  expect(waitAfterExit(policy, before, crash(hourMs - 800)).untilMs).toBe(before.untilMs);
});

test("jitter adds at most its share of the wait", () => {
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (waits, jitter, random) => {
        const { untilMs: bare } = waitAfterExit(policy, { waits }, crash(0));
        const { untilMs } = waitAfterExit({ ...policy, jitter }, { waits }, crash(0, 0, random));
        expect(untilMs).toBeGreaterThanOrEqual(bare);
        expect(untilMs).toBeLessThanOrEqual(Math.ceil(bare * (1 + jitter)));
      },
    ),
  );
});

test("a number of waits beyond all powers is still `max`", () => {
  expect(waitAfterExit({ ...policy, factor: 1000 }, { waits: 10_000 }, crash(0)).untilMs).toBe(1000);
});
