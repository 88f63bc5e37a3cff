import type { Machine } from "../bench/machine.ts";
import type { Sample } from "./sample.ts";

/** The results of a soak test: a sample after each cycle; the first cycle was the warm-up. */
export interface Soak {
  readonly machine: Machine;
  readonly seconds: number;
  readonly samples: readonly Sample[];
  /** Descriptions of lost or wrong output. */
  readonly faults: readonly string[];
  /** Whether gafferd exited with status 0 and left no process behind. */
  readonly endedCleanly: boolean;
}

export interface Verdict {
  readonly what: string;
  readonly first: string;
  readonly last: string;
  readonly bound: string;
  readonly holds: boolean;
}

/** Compares memory of the first and last quarter of the cycles, because floods make it vary. */
const quarter = 0.25;
const rssFactor = 1.25;
const rssSlackBytes = 16 * 1024 ** 2;
/** Bun's pool may start this many threads later, when it needs them. */
const spareThreads = 2;

/** Compares the last samples with the first. Throws if there are fewer than two samples. */
export function judge({ samples, faults, endedCleanly }: Soak): Verdict[] {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || first === last)
    throw new Error("a soak test needs at least two cycles");
  const rss = samples.map(({ rssBytes }) => rssBytes);
  const count = Math.ceil(rss.length * quarter);
  const [before, after] = [mean(rss.slice(0, count)), mean(rss.slice(-count))];
  const mostRss = before * rssFactor + rssSlackBytes;
  const same = (what: string, key: "fds" | "processes") =>
    verdict(what, [`${first[key]}`, `${last[key]}`], "the same", last[key] === first[key]);
  const none = (what: string, key: "zombies" | "readers") =>
    verdict(what, [`${first[key]}`, `${last[key]}`], "none", last[key] === 0);
  return [
    verdict("memory (RSS)", [megabytes(before), megabytes(after)], `≤ ${megabytes(mostRss)}`, after <= mostRss),
    same("file descriptors", "fds"),
    verdict(
      "threads",
      [`${first.threads}`, `${last.threads}`],
      `≤ ${first.threads + spareThreads}`,
      last.threads <= first.threads + spareThreads,
    ),
    same("live processes", "processes"),
    none("zombies", "zombies"),
    none("readers of outputs", "readers"),
    verdict("lost or wrong output", ["", `${faults.length}`], "none", faults.length === 0),
    verdict("processes left after stop", ["", endedCleanly ? "nothing" : "something"], "nothing", endedCleanly),
  ];
}

function verdict(what: string, [first, last]: readonly [string, string], bound: string, holds: boolean): Verdict {
  return { what, first, last, bound, holds };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A table with a row per verdict, `| memory (RSS) | 61 MB | 63 MB | ≤ 92 MB | yes |`, and a summary of the run below it. */
export function toMarkdown(soak: Soak): string {
  const { machine, seconds, samples, faults } = soak;
  const spawns = (samples.at(-1)?.spawns ?? 0).toLocaleString("en");
  const rows = judge(soak).map(({ what, first, last, bound, holds }) => [
    what,
    first,
    last,
    bound,
    holds ? "yes" : "**no**",
  ]);
  const table = [["what", "first", "last", "bound", "passed"], ["---", "---", "---", "---", "---"], ...rows];
  return [
    ...table.map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `${samples.length} cycles in ${Math.round(seconds)} s, ${spawns} processes spawned; ${machine.cores} cores (${machine.cpu}), Linux ${machine.kernel}, Bun ${machine.bun}.`,
    ...faults.map((fault) => `Fault: ${fault}.`),
    "",
  ].join("\n");
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}
