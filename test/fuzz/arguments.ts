import { parseArgs } from "node:util";
import { parseDuration } from "../../src/template/duration.ts";
import type { FuzzTarget } from "./target.ts";

export interface FuzzArguments {
  /** The seed of the first round. Each later round has the next number. */
  readonly seed: number;
  readonly timeMs: number;
  readonly targets: readonly FuzzTarget[];
}

const defaultTime = "1m";
const maxSeed = 2 ** 31 - 1;

/** Parses `--seed N --time 1h --only bodies,paths`. Throws an Error that says what is allowed. */
export function parseFuzzArguments(argv: readonly string[], targets: readonly FuzzTarget[]): FuzzArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: { seed: { type: "string" }, time: { type: "string", default: defaultTime }, only: { type: "string" } },
  });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000_000) : Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > maxSeed) {
    throw new Error(`--seed must be a whole number from 0 to ${maxSeed}, not ${values.seed}`);
  }
  const names = values.only?.split(",") ?? targets.map(({ name }) => name);
  const unknown = names.find((name) => !targets.some((target) => target.name === name));
  if (unknown !== undefined) {
    throw new Error(`--only must be of ${targets.map(({ name }) => name).join(", ")}, not ${unknown}`);
  }
  return { seed, timeMs: parseDuration(values.time), targets: targets.filter(({ name }) => names.includes(name)) };
}
