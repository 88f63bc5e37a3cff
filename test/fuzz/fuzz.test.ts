import { describe, expect, test } from "bun:test";
import { parseFuzzArguments } from "./arguments.ts";
import { runRound } from "./run-round.ts";
import { targets } from "./targets.ts";

/** Part of the inputs of a round. `bun run fuzz` tries all of them, with one seed after the other. */
const share = 0.05;
const maxTestMs = 60_000;

describe("no input crashes, hangs or fills gafferd, and what is refused is refused with a reason:", () => {
  for (const target of targets) {
    test(
      target.name,
      async () => {
        const seed = Math.floor(Math.random() * 1_000_000_000);
        const inputs = Math.ceil(target.inputs * share);
        const { failure } = await runRound(target, { seed, inputs, timeLimitMs: 15_000 });
        if (failure !== undefined) {
          throw new Error(`bun run fuzz --only ${target.name} --seed ${seed} --time 0 repeats this: ${failure}`);
        }
      },
      maxTestMs,
    );
  }
});

describe("the arguments of `bun run fuzz`", () => {
  test("choose the seed, the time and the targets", () => {
    expect(parseFuzzArguments(["--seed", "7", "--time", "1h", "--only", "ini,ids"], targets)).toEqual({
      seed: 7,
      timeMs: 3_600_000,
      targets: targets.filter(({ name }) => name === "ini" || name === "ids"),
    });
  });

  test.each([
    [["--seed", "x"], "--seed must be a whole number from 0"],
    [["--only", "nothing"], "--only must be of bodies, paths"],
    [["--time", "soon"], "is not a duration"],
  ])("%j is refused", (argv, message) => {
    expect(() => parseFuzzArguments(argv, targets)).toThrow(message);
  });
});
