import { expect, test } from "bun:test";
import { SpawnLoop } from "../../src/supervisor/spawn-loop.ts";
import { takeSlices } from "../take-slices.ts";
import { waitFor } from "../wait-for.ts";

class Counted {
  missing: number;
  spawned = 0;
  done = 0;
  readonly loop: SpawnLoop;

  constructor(missing: number, prepare: () => Promise<void> | undefined) {
    this.missing = missing;
    this.loop = new SpawnLoop({
      isMissing: () => this.spawned < this.missing,
      prepare,
      spawn: () => void (this.spawned += 1),
      onDone: () => void (this.done += 1),
    });
  }
}

function createLoop(missing: number, prepare: () => Promise<void> | undefined = () => undefined): Counted {
  return new Counted(missing, prepare);
}

test("all are spawned at once if the slice of the turn is not used up", () => {
  const some = createLoop(3);
  some.loop.begin();
  expect(some).toMatchObject({ spawned: 3, done: 1 });
});

test("a thousand loops that begin in one turn do not spawn a thousand processes in it", async () => {
  const loops = Array.from({ length: 1000 }, () => createLoop(1));
  takeSlices(1);
  for (const { loop } of loops) loop.begin();
  expect(loops.filter(({ spawned }) => spawned > 0)).toEqual([]);
  await waitFor(() => loops.every(({ spawned, done }) => spawned === 1 && done === 1), "all of them");
});

test("the first is spawned at once for a caller that must know whether it can be", async () => {
  const some = createLoop(3);
  takeSlices(1);
  some.loop.begin();
  some.loop.spawnFirst();
  some.loop.spawnFirst();
  expect(some).toMatchObject({ spawned: 1, done: 0 });
  await waitFor(() => some.done === 1, "the rest");
  expect(some.spawned).toBe(3);
});

test("a spawn waits for its preparation, and is attempted once after it whether or not that helped", async () => {
  const preparations: PromiseWithResolvers<void>[] = [];
  const some = createLoop(2, () => {
    preparations.push(Promise.withResolvers<void>());
    return preparations.at(-1)?.promise;
  });
  some.loop.begin();
  some.loop.begin();
  expect(preparations).toHaveLength(1);
  expect(some.spawned).toBe(0);
  preparations[0]?.resolve();
  await waitFor(() => preparations.length === 2, "the second preparation");
  expect(some.spawned).toBe(1);
  preparations[1]?.resolve();
  await waitFor(() => some.done === 1, "the end");
  expect(some.spawned).toBe(2);
});

test("what is no longer missing after the preparation is not spawned", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const some = createLoop(2, () => promise);
  some.loop.begin();
  some.missing = 0;
  resolve();
  await waitFor(() => some.done === 1, "the end");
  expect(some.spawned).toBe(0);
});
