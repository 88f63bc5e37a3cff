/**
 * `bun run bench [NAME…]`: compares gafferd with the limits of the machine, in a few minutes.
 *
 * Each measure starts its own gafferd, a real process on a free port, and uses its HTTP API. The limit is measured in the
 * same round: `socat` for a relay, a bare loop for spawning. There are three rounds, and a ratio is the median of the
 * ratios of the rounds, so that it is meaningful on a machine with other load.
 *
 * Prints a Markdown table to stdout and progress to stderr, and writes the figures of every round to `results.json` beside
 * this file. A measure whose programs are not installed is skipped with a message. A missed goal is not a failure: the exit
 * status is 1 only if a measure failed, and 2 for an unknown name.
 *
 * There is one file per measure; see `measure.ts`. `limits/` and `clients/` contain scripts that run in separate processes.
 * GB, MB and KB are powers of 1000. CPU is that of gafferd, without start-up, per GB of process output.
 */
import { join } from "node:path";
import { busy } from "./busy.ts";
import { endChildren } from "./child.ts";
import { dropping } from "./dropping.ts";
import { framing } from "./framing.ts";
import { ingest } from "./ingest.ts";
import { journal } from "./journal.ts";
import { latency } from "./latency.ts";
import { longRequests } from "./long-requests.ts";
import { describeMachine, isLinux, missingPrograms } from "./machine.ts";
import type { Measure } from "./measure.ts";
import { othersShare } from "./quiet.ts";
import { relay } from "./relay.ts";
import { requests } from "./requests.ts";
import { respawn } from "./respawn.ts";
import { runs } from "./runs.ts";
import { search } from "./search.ts";
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
  journal,
  search,
  spawn,
  spawnCost,
  runs,
  latency,
  respawn,
  stalled,
  busy,
  framing,
  longRequests,
  requests,
  watch,
  wstream,
  stats,
];
const rounds = 3;
/** A round that takes longer than this is considered hung. */
const roundTimeoutMs = 180_000;

const names = process.argv.slice(2);
const unknown = names.filter((name) => !measures.some((measure) => measure.name === name));
if (unknown.length > 0) {
  report(`unknown measure ${unknown.join(", ")}; available: ${measures.map(({ name }) => name).join(", ")}`);
  process.exit(2);
}
if (!isLinux) {
  report("cannot measure: the benchmark needs /proc of Linux");
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
    const reason = `${missing.join(" and ")} not installed`;
    report(`${measure.name}: skipped, ${reason}`);
    notTaken.push({ measure: measure.name, reason, failed: false });
    return;
  }
  try {
    const taken: Awaited<ReturnType<Measure["round"]>>[] = [];
    for (let round = 1; round <= rounds; round++) {
      report(`${measure.name}: round ${round} of ${rounds}`);
      taken.push(await inTime(measure.round(place)));
    }
    figures.push(...summarize(measure, taken));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    report(`${measure.name}: failed, ${error instanceof Error ? error.stack : reason}`);
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

function report(text: string): void {
  process.stderr.write(`${(performance.now() / 1000).toFixed(1).padStart(6)} s  ${text}\n`);
}
