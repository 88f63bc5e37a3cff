import { expect, test } from "bun:test";
import { WriteSlots } from "../../src/journal/write-slots.ts";

const MiB = 2 ** 20;

test("all templates together get 32 MiB, and wait for more until some is released", () => {
  const slots = new WriteSlots();
  const taken: Buffer[] = [];
  for (let slot = slots.take(); slot !== undefined; slot = slots.take()) taken.push(slot);
  expect(taken.reduce((sum, { length }) => sum + length, 0)).toBe(32 * MiB);
  expect(slots.hasFree).toBe(false);
  let calls = 0;
  slots.onFree(() => (calls += 1));
  slots.release(taken.splice(0, 1));
  slots.release(taken.splice(0, 1));
  expect(calls).toBe(1);
  expect(slots.take()?.length).toBe(2 * MiB);
  slots.close();
});

test("a block that is larger gets memory of its own, which is not kept", () => {
  const slots = new WriteSlots();
  const large = slots.take(5 * MiB);
  expect(large?.length).toBe(5 * MiB);
  slots.release([large!]);
  expect(slots.take()?.length).toBe(2 * MiB);
  slots.close();
});

test("memory that was released is used again", () => {
  const slots = new WriteSlots();
  const slot = slots.take();
  slots.release([slot!]);
  expect(slots.take()).toBe(slot!);
  slots.close();
});
