import { expect, test } from "bun:test";
import { LoopLag } from "../../../src/http/metrics/loop-lag.ts";
import { waitFor } from "../../wait-for.ts";

function block(ms: number): void {
  const untilMs = performance.now() + ms;
  while (performance.now() < untilMs);
}

test("a blocked event loop shows as late timers, and values only increase", async () => {
  const lag = new LoopLag({ intervalMs: 5, stopAfterMs: 60_000 });
  expect(lag.read()).toMatchObject({ count: 0, sumSeconds: 0 });
  block(120);
  await waitFor(() => lag.read().count > 0, "the first measure");
  const first = lag.read();
  expect(first.sumSeconds).toBeGreaterThan(0.1);
  const countAt = (seconds: number) =>
    first.buckets.find(({ atMostSeconds }) => atMostSeconds === seconds)?.count ?? -1;
  expect(countAt(2.5) - countAt(0.1)).toBeGreaterThanOrEqual(1);
  expect(countAt(2.5)).toBe(first.count);
  await waitFor(() => lag.read().count > first.count, "another measure");
  expect(lag.read().sumSeconds).toBeGreaterThanOrEqual(first.sumSeconds);
});

test("measuring starts with a reading, stops after a pause, and starts again with the next reading", async () => {
  const lag = new LoopLag({ intervalMs: 5, stopAfterMs: 30 });
  expect(lag.isMeasuring).toBe(false);
  lag.read();
  expect(lag.isMeasuring).toBe(true);
  await waitFor(() => !lag.isMeasuring, "its end");
  const { count } = lag.read();
  expect(count).toBeGreaterThan(0);
  expect(lag.isMeasuring).toBe(true);
  await waitFor(() => !lag.isMeasuring, "its end");
});

test("its timer does not keep the program running", () => {
  const script = `import { LoopLag } from "${import.meta.dir}/../../../src/http/metrics/loop-lag.ts"; new LoopLag().read();`;
  const startedMs = performance.now();
  expect(Bun.spawnSync([process.execPath, "-e", script], { timeout: 10_000 }).exitCode).toBe(0);
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});
