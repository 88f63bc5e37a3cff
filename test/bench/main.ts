/**
 * `bun run bench [NAME…]`: how near gafferd comes to what the machine allows, in a few minutes.
 *
 * Each measure starts a gafferd of its own, a real process on a free port, and talks to it as a stranger would. What
 * limits it is measured in the same round right beside it: `socat` for a relay, a bare loop for spawning. Three rounds;
 * a ratio is the median of the rounds' ratios, so that it holds on a machine that does other things at the same time.
 *
 * The table comes to stdout as Markdown, progress to stderr, every round's figures to `results.json` beside this file.
 * What the machine lacks is said and its measure skipped. A goal that is missed is no failure: the exit status is 1 only
 * when a measure could not be taken, and 2 for a name that is none.
 *
 * One file a measure; `measure.ts` says what one is. `limits/` and `clients/` hold what runs in processes of its own.
 * GB, MB and KB are powers of 1000. CPU is gafferd's own, start-up excluded, for a GB of process output.
 */
import { join } from "node:path";
import { busy } from "./busy.ts";
import { endChildren } from "./child.ts";
import { dropping } from "./dropping.ts";
import { framing } from "./framing.ts";
import { ingest } from "./ingest.ts";
import { latency } from "./latency.ts";
import { describeMachine, isLinux, missingPrograms } from "./machine.ts";
import type { Measure } from "./measure.ts";
import { othersShare } from "./quiet.ts";
import { relay } from "./relay.ts";
import { requests } from "./requests.ts";
import { respawn } from "./respawn.ts";
import { spawn } from "./spawn.ts";
import { spawnCost } from "./spawn-cost.ts";
import { stalled } from "./stalled.ts";
import { stats } from "./stats.ts";
import { summarize, type Summary } from "./summary.ts";
import { toMarkdown } from "./table.ts";
import { watch } from "./watch.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";
import { wstream } from "./wstream.ts";

const measures: readonly Measure[] = [
  relay,
  dropping,
  ingest,
  spawn,
  spawnCost,
  latency,
  respawn,
  stalled,
  busy,
  framing,
  requests,
  watch,
  wstream,
  stats,
];
const rounds = 3;
/** What takes so long hangs. */
const roundTimeoutMs = 180_000;

const names = process.argv.slice(2);
const unknown = names.filter((name) => !measures.some((measure) => measure.name === name));
if (unknown.length > 0) {
  say(`no measure is called ${unknown.join(", ")}; there are ${measures.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
if (!isLinux) {
  say("cannot measure: CPU and memory of a process are read from Linux's /proc");
  process.exit(1);
}

const workspace = createWorkspace();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    endChildren();
    workspace.remove();
    process.exit(signal === "SIGINT" ? 130 : 143);
  });
}

const startedAt = new Date();
const chosen = measures.filter(({ name }) => names.length === 0 || names.includes(name));
const figures: Summary[] = [];
const notTaken: { measure: string; reason: string; failed: boolean }[] = [];
try {
  for (const measure of chosen) await take(measure, workspace);
} finally {
  endChildren();
  workspace.remove();
}

const machine = describeMachine();
const seconds = Math.round((Date.now() - startedAt.getTime()) / 1000);
const results = { startedAt, seconds, machine, othersShare: othersShare(), rounds, figures, notTaken };
await Bun.write(join(import.meta.dir, "results.json"), `${JSON.stringify(results, undefined, 2)}\n`);
process.stdout.write(toMarkdown(results));
process.exit(notTaken.some(({ failed }) => failed) ? 1 : 0);

async function take(measure: Measure, place: Workspace): Promise<void> {
  const missing = missingPrograms(measure.needs);
  if (missing.length > 0) {
    const reason = `this machine has no ${missing.join(" and no ")}`;
    say(`${measure.name}: skipped, ${reason}`);
    notTaken.push({ measure: measure.name, reason, failed: false });
    return;
  }
  try {
    const taken: Awaited<ReturnType<Measure["round"]>>[] = [];
    for (let round = 1; round <= rounds; round++) {
      say(`${measure.name}: round ${round} of ${rounds}`);
      taken.push(await inTime(measure.round(place)));
    }
    figures.push(...summarize(measure, taken));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    say(`${measure.name}: failed, ${error instanceof Error ? error.stack : reason}`);
    notTaken.push({ measure: measure.name, reason, failed: true });
  } finally {
    endChildren();
  }
}

async function inTime<T>(promise: Promise<T>): Promise<T> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    timeout.reject(new Error(`a round took more than ${roundTimeoutMs / 1000} s`));
  }, roundTimeoutMs);
  try {
    return await Promise.race([promise, timeout.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function say(text: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
}
