import { expect, test } from "bun:test";
import { inLaterTurn, runInSlices, whenTimeIsLeft } from "../src/slices.ts";
import { countTurns, useSlice } from "./take-slices.ts";
import { messageOf } from "../src/reason.ts";

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

test("work for a later turn runs after the callbacks of this turn, and gives its result or its error", async () => {
  const calls: string[] = [];
  const later = inLaterTurn(() => calls.push("later"));
  const failing = inLaterTurn(() => {
    throw new Error("it failed");
  }).catch(messageOf);
  queueMicrotask(() => calls.push("microtask"));
  setImmediate(() => calls.push("immediate"));
  calls.push("now");
  expect(await later).toBe(4);
  expect(calls).toEqual(["now", "microtask", "immediate", "later"]);
  expect(await failing).toBe("it failed");
});

test("much work for a later turn is divided over several turns", async () => {
  const turns = await countTurns(() => Promise.all(Array.from({ length: 10 }, () => inLaterTurn(busy4Ms))));
  expect(turns).toBeGreaterThan(4);
});

function busy4Ms(): void {
  const endMs = performance.now() + 4;
  while (performance.now() < endMs);
}
