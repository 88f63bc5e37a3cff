/**
 * `bun run fuzz [--seed N] [--time 1m] [--only TARGET,…]`: tries random inputs on everything of gafferd that reads what
 * others wrote. It takes the targets in turn, a round each, until the time is up.
 *
 * Each round prints its seed. A failed round prints its input and the command that repeats it, and the rest goes on. The
 * exit status is 1 if a round failed, and 2 for a wrong argument.
 */
import { messageOf } from "../../src/reason.ts";
import { type FuzzArguments, parseFuzzArguments } from "./arguments.ts";
import { runRound } from "./run-round.ts";
import { targets } from "./targets.ts";

const wanted = readArguments();
const startMs = performance.now();
const leftMs = () => wanted.timeMs - (performance.now() - startMs);
/** Long enough to make the input of a failure small. */
const maxRoundMs = 120_000;

let failures = 0;
for (let seed = wanted.seed; seed === wanted.seed || leftMs() > 0; seed++) {
  for (const target of wanted.targets) {
    if (seed > wanted.seed && leftMs() <= 0) break;
    const beganMs = performance.now();
    const { tried, failure } = await runRound(target, { seed, inputs: target.inputs, timeLimitMs: maxRoundMs });
    const seconds = ((performance.now() - beganMs) / 1000).toFixed(1);
    console.log(
      `${target.name}: seed ${seed}, ${tried} inputs in ${seconds} s${failure === undefined ? "" : ": FAILED"}`,
    );
    if (failure === undefined) continue;
    failures += 1;
    console.log(`${failure}\nrepeat it: bun run fuzz --only ${target.name} --seed ${seed} --time 0`);
  }
}
console.log(failures === 0 ? "no failures" : `${failures} rounds failed`);
process.exit(failures === 0 ? 0 : 1);

function readArguments(): FuzzArguments {
  try {
    return parseFuzzArguments(process.argv.slice(2), targets);
  } catch (error) {
    console.error(messageOf(error));
    process.exit(2);
  }
}
