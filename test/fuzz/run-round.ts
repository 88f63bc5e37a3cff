import fc from "fast-check";
import { messageOf } from "../../src/reason.ts";
import type { FuzzTarget } from "./target.ts";

export interface Round {
  readonly seed: number;
  /** The most inputs to try. */
  readonly inputs: number;
  /** Ends the round early, also while it looks for a smaller input. */
  readonly timeLimitMs: number;
}

export interface RoundResult {
  /** The number of inputs that were tried. */
  readonly tried: number;
  /** What failed, with the smallest input that was found. Undefined if nothing failed. */
  readonly failure?: string;
}

/** Tries the inputs of one seed. */
export async function runRound(target: FuzzTarget, { seed, inputs, timeLimitMs }: Round): Promise<RoundResult> {
  await using trial = await target.start();
  const details = await fc.check(trial.property, {
    seed,
    numRuns: inputs,
    plugins: [fc.interruptAfterTimeLimit(timeLimitMs)],
  });
  const tried = details.numRuns;
  if (details.failed) return { tried, failure: await describeFailure(details) };
  try {
    await trial.settle();
    return { tried };
  } catch (error) {
    return { tried, failure: `after the last input: ${messageOf(error)}` };
  }
}

const maxShownCharacters = 4000;

/** The error with its stack, and the smallest input that causes it. */
async function describeFailure({ errorInstance, counterexample }: fc.RunDetails<unknown>): Promise<string> {
  const error = errorInstance instanceof Error ? (errorInstance.stack ?? errorInstance.message) : String(errorInstance);
  const input = await fc.asyncStringify(counterexample);
  const rest = input.length - maxShownCharacters;
  const shown = rest > 0 ? `${input.slice(0, maxShownCharacters)}… and ${rest} more characters` : input;
  return `${error}\ninput: ${shown}`;
}
