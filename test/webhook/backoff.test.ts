import { describe, expect, test } from "bun:test";
import { defaultWebhookBackoff, maxRetryAfterMs, parseRetryAfter, waitMs } from "../../src/webhook/backoff.ts";

const policy = { firstMs: 1000, maxMs: 10_000 };

test("the wait doubles with each failure, up to a limit", () => {
  expect([1, 2, 3, 4, 5, 1000].map((failures) => waitMs(failures, { policy, random: 0 }))).toEqual([
    1000, 2000, 4000, 8000, 10_000, 10_000,
  ]);
});

test("chance leaves out up to a half", () => {
  expect(waitMs(3, { policy, random: 1 })).toBe(2000);
  expect(waitMs(3, { policy, random: 0.5 })).toBe(3000);
});

test("it is never shorter than what the receiver asks for, within reason", () => {
  expect(waitMs(1, { policy, random: 0, retryAfterMs: 5000 })).toBe(5000);
  expect(waitMs(4, { policy, random: 0, retryAfterMs: 5000 })).toBe(8000);
  expect(waitMs(1, { policy, random: 0, retryAfterMs: 1e12 })).toBe(maxRetryAfterMs);
});

test("ten retries take a quarter of an hour or so", () => {
  const waits = Array.from({ length: 10 }, (_, index) =>
    waitMs(index + 1, { policy: defaultWebhookBackoff, random: 0.5 }),
  );
  expect(waits.reduce((sum, ms) => sum + ms, 0) / 60_000).toBeWithin(10, 20);
});

describe("Retry-After", () => {
  const nowMs = Date.parse("2026-01-31T12:00:00Z");
  test.each<[string | null, number | undefined]>([
    ["120", 120_000],
    ["0", 0],
    ["Sat, 31 Jan 2026 12:01:00 GMT", 60_000],
    ["Sat, 31 Jan 2026 11:00:00 GMT", 0],
    ["soon", undefined],
    [null, undefined],
  ])("%p is %p ms", (text, ms) => {
    expect(parseRetryAfter(text, nowMs)).toBe(ms);
  });
});
