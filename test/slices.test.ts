import { expect, test } from "bun:test";
import { runInSlices } from "../src/slices.ts";

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
