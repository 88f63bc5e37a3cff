import { expect, test } from "bun:test";
import { Deadline } from "../../src/daemon/deadline.ts";

const never = new Promise<void>(() => {});

test("a wait ends when the work is done", async () => {
  using deadline = new Deadline(60_000);
  await deadline.wait(Promise.resolve());
  expect(deadline.leftMs).toBeGreaterThan(50_000);
});

test("a wait ends at the deadline", async () => {
  using deadline = new Deadline(1);
  await deadline.wait(never);
  expect(deadline.leftMs).toBe(0);
});

test("a deadline can be moved earlier, and says so", async () => {
  using deadline = new Deadline(60_000);
  const waiting = deadline.wait(never);
  deadline.moveEarlier(1);
  await deadline.movedEarlier;
  await waiting;
  expect(deadline.leftMs).toBe(0);
});

test("a deadline is never moved later", () => {
  using deadline = new Deadline(10);
  deadline.moveEarlier(60_000);
  expect(deadline.leftMs).toBeLessThanOrEqual(10);
});
