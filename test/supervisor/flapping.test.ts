import { expect, test } from "bun:test";
import fc from "fast-check";
import { type FlappingRecord, judgeExit, noExits } from "../../src/supervisor/flapping.ts";

/** gaffer's own example: `2, 1., 7., 5`. */
const policy = { attempts: 2, windowMs: 1000, retryInMs: 7000, maxRetries: 5 };

test("without a policy every exit is followed by a respawn", () => {
  expect(judgeExit(undefined, noExits, 5)).toEqual({ kind: "respawn", record: noExits });
});

test("fewer exits than `attempts` within the window are not flapping", () => {
  const first = judgeExit(policy, noExits, 0);
  expect(first).toEqual({ kind: "respawn", record: { exitsMs: [0], retries: 0 } });
  expect(first.kind === "respawn" && judgeExit(policy, first.record, 1000)).toMatchObject({ kind: "respawn" });
});

test("`attempts` exits within `window` are followed by a retry after `retry_in`", () => {
  expect(judgeExit(policy, { exitsMs: [100], retries: 0 }, 1099)).toEqual({
    kind: "retry",
    retryAtMs: 8099,
    record: { exitsMs: [], retries: 1, retryAtMs: 8099 },
  });
});

test("a template is retried `max_retry` times in a row, then given up", () => {
  expect(burst(policy, 10)).toEqual(["retry", "retry", "retry", "retry", "retry", "give-up"]);
  expect(burst({ ...policy, maxRetries: 0 }, 3)).toEqual(["give-up"]);
});

test("running longer than the window after a retry resets the retry count", () => {
  const before: FlappingRecord = { exitsMs: [], retries: 5, retryAtMs: 10_000 };
  expect(judgeExit(policy, before, 10_500)).toMatchObject({ kind: "respawn", record: { retries: 5 } });
  expect(judgeExit(policy, before, 11_001)).toEqual({ kind: "respawn", record: { exitsMs: [11_001], retries: 0 } });
});

test("setting the clock back does not cause flapping, and resets the retry count", () => {
  const hourMs = 3_600_000;
  expect(judgeExit(policy, { exitsMs: [hourMs], retries: 5, retryAtMs: hourMs }, 0)).toEqual({
    kind: "respawn",
    record: { exitsMs: [0], retries: 0 },
  });
});

test("whenever exits happen, a template is never given up before it was retried `max_retry` times", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(3000), { maxLength: 60 }), fc.nat(4), (pausesMs, maxRetries) => {
      let record = noExits;
      let nowMs = 0;
      let retriesInRow = 0;
      for (const pauseMs of pausesMs) {
        nowMs = Math.max(nowMs, record.retryAtMs ?? 0) + pauseMs;
        const verdict = judgeExit({ ...policy, maxRetries }, record, nowMs);
        if (verdict.kind === "give-up") {
          expect(retriesInRow).toBe(maxRetries);
          return;
        }
        record = verdict.record;
        retriesInRow = verdict.kind === "retry" ? record.retries : Math.min(retriesInRow, record.retries);
        expect(record.retries).toBeLessThanOrEqual(maxRetries);
      }
    }),
  );
});

/** The verdicts for a template whose processes exit as soon as they are started. */
function burst(each: typeof policy, most: number): string[] {
  const verdicts: string[] = [];
  let record = noExits;
  let nowMs = 0;
  while (verdicts.length < most) {
    const verdict = judgeExit(each, record, (nowMs += 1));
    if (verdict.kind !== "respawn") verdicts.push(verdict.kind);
    if (verdict.kind === "give-up") break;
    record = verdict.record;
    nowMs = Math.max(nowMs, record.retryAtMs ?? 0);
  }
  return verdicts;
}
