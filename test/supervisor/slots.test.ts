import { expect, test } from "bun:test";
import { Slots } from "../../src/supervisor/slots.ts";
import { waitFor } from "../wait-for.ts";

const take = (slots: Slots, count: number) => Array.from({ length: count }, () => slots.take());

test("`take` returns the lowest free slot", () => {
  const slots = new Slots(() => {});
  expect(take(slots, 4)).toEqual([0, 1, 2, 3]);
  slots.free(2);
  slots.free(1);
  expect(take(slots, 3)).toEqual([1, 2, 4]);
});

test("each slot that waits becomes free at its own time, and not before", async () => {
  let due = 0;
  const slots = new Slots(() => due++);
  take(slots, 3);
  slots.wait(0, 60_000);
  slots.wait(2, 20);
  slots.wait(1, 60);
  expect(slots.waitingCount).toBe(3);
  expect(slots.nextAtMs).toBeLessThan(Date.now() + 10_000);
  expect(slots.take()).toBe(3);
  await waitFor(() => due === 1, "the first");
  expect(slots.take()).toBe(2);
  await waitFor(() => due === 2, "the second");
  expect(slots.take()).toBe(1);
  expect(slots.waitingCount).toBe(1);
  expect(slots.nextAtMs).toBeGreaterThan(Date.now() + 10_000);
  slots.reset();
  expect(slots.nextAtMs).toBeUndefined();
  expect(slots.take()).toBe(0);
});

test("waits are cancelled from the highest slot down", () => {
  const slots = new Slots(() => {});
  take(slots, 3);
  for (const slot of [2, 0, 1]) slots.wait(slot, 60_000);
  expect(slots.cancelWaits(2)).toEqual([2, 1]);
  expect(slots.waitingCount).toBe(1);
  expect(slots.cancelWaits()).toEqual([0]);
  expect(slots.nextAtMs).toBeUndefined();
});

test("a slot whose process is not restarted becomes free on reset", () => {
  const slots = new Slots(() => {});
  take(slots, 2);
  slots.end(0);
  expect(slots.take()).toBe(2);
  slots.reset();
  expect(slots.take()).toBe(0);
});

test("each slot has its own streak of exits until it is reset", () => {
  const slots = new Slots(() => {});
  slots.setStreak(1, { exits: 4, delays: 3 });
  expect([slots.streak(0).exits, slots.streak(1).exits]).toEqual([0, 4]);
  slots.resetStreak(1);
  expect(slots.streak(1).exits).toBe(0);
});
