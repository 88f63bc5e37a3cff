import { expect, test } from "bun:test";
import { runInSlices, whenTimeIsLeft } from "../src/slices.ts";
import { countTurns, useSlice } from "./take-slices.ts";

test("a short piece of work runs immediately, and then calls onDone", () => {
  const calls: string[] = [];
  let left = 3;
  runInSlices(
    () => {
      calls.push("step");
      return --left > 0;
    },
    () => calls.push("done"),
  );
  expect(calls).toEqual(["step", "step", "step", "done"]);
});

test("a long piece of work yields to the event loop", async () => {
  const { promise: done, resolve: onDone } = Promise.withResolvers<void>();
  let yields = 0;
  let isRunning = true;
  const count = (): void => {
    yields += 1;
    if (isRunning) setImmediate(count);
  };
  setImmediate(count);
  const endMs = performance.now() + 30;
  runInSlices(() => performance.now() < endMs, onDone);
  expect(yields).toBe(0);
  await done;
  isRunning = false;
  expect(yields).toBeGreaterThan(0);
});

test("work after many waits that end together is spread over turns, in order", async () => {
  const done: number[] = [];
  const turns = await countTurns(async () => {
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    const work = async (number: number) => {
      await undefined;
      return await whenTimeIsLeft(() => (Bun.sleepSync(1), done.push(number)));
    };
    expect(await Promise.all(numbers.map(work))).toEqual(numbers.map((number) => number + 1));
    expect(done).toEqual(numbers);
  });
  expect(turns).toBeGreaterThan(5);
});

test("an error in work that waits for its turn reaches the caller", async () => {
  const done: string[] = [];
  const fail = () => {
    useSlice();
    throw new Error(`failed after ${done.push("one")}`);
  };
  const calls = await Promise.allSettled([whenTimeIsLeft(fail), whenTimeIsLeft(fail)]);
  expect(calls.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});
