import { expect, test } from "bun:test";
import { Retry } from "../../src/supervisor/retry.ts";
import { waitFor } from "../wait-for.ts";

test("has its time and reason while it is armed, and calls `onDue` once", async () => {
  const seen: unknown[] = [];
  const retry: Retry = new Retry(() => seen.push([retry.atMs, retry.reason]));
  expect([retry.atMs, retry.reason]).toEqual([undefined, undefined]);
  const atMs = Date.now() + 20;
  retry.arm(Date.now() + 60_000, "flapping");
  retry.arm(atMs, "deferred");
  expect([retry.atMs, retry.reason]).toEqual([atMs, "deferred"]);
  await waitFor(() => seen.length > 0, "the call");
  expect(seen).toEqual([[undefined, undefined]]);
});

test("does nothing after it was cancelled", async () => {
  let calls = 0;
  const retry = new Retry(() => calls++);
  retry.arm(Date.now() + 5, "flapping");
  retry.cancel();
  expect([retry.atMs, retry.reason]).toEqual([undefined, undefined]);
  let isLater = false;
  new Retry(() => (isLater = true)).arm(Date.now() + 20, "flapping");
  await waitFor(() => isLater, "a later call");
  expect(calls).toBe(0);
});
