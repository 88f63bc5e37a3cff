import { expect, test } from "bun:test";
import { toDelayMs } from "../../src/client/backoff.ts";

test("the delay doubles with each failure, up to 10 s", () => {
  const delays = Array.from({ length: 9 }, (_, failures) => toDelayMs(failures, 100, 0));
  expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  expect(toDelayMs(5000, 100, 0)).toBe(10_000);
});

test("chance adds up to half of the delay", () => {
  expect([toDelayMs(1, 100, 0), toDelayMs(1, 100, 0.5), toDelayMs(1, 100, 1)]).toEqual([200, 250, 300]);
});

test("the delay is never below the one that the server sent", () => {
  expect([toDelayMs(0, 60_000, 0), toDelayMs(3, 60_000, 0)]).toEqual([60_000, 60_000]);
});

test("a delay of 0 from the server is respected", () => {
  expect(toDelayMs(3, 0, 1)).toBe(0);
});
