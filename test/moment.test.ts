import { expect, test } from "bun:test";
import { currentMoment, toSteadyMs } from "../src/moment.ts";

test("a Unix time is converted by its distance from now, a millisecond early", () => {
  const now = { unixMs: 1_000_000, steadyMs: 5000 };
  expect(toSteadyMs(1_000_000, now)).toBe(4999);
  expect(toSteadyMs(999_000, now)).toBe(3999);
});

test("after the clock was set back, a Unix time means the last time that the clock showed it", () => {
  const now = { unixMs: 1_000_000, steadyMs: 5000 };
  const afterSet = { unixMs: 999_500, steadyMs: 6000 };
  expect(toSteadyMs(999_500, now)).toBe(4499);
  expect(toSteadyMs(999_500, afterSet)).toBe(5999);
});

test("the current moment has both clocks", () => {
  const before = Date.now();
  const { unixMs, steadyMs } = currentMoment();
  expect(unixMs).toBeGreaterThanOrEqual(before);
  expect(steadyMs).toBeLessThanOrEqual(performance.now());
});
