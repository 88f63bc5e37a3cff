import { readdirSync, readFileSync } from "node:fs";
import type { Client } from "../../src/client/client.ts";
import { rssBytes } from "../bench/proc.ts";

/** What a gafferd holds at a moment in which nothing happens to it. */
export interface Sample {
  /** Since the soak began. */
  readonly seconds: number;
  readonly rssBytes: number;
  readonly fds: number;
  readonly threads: number;
  /** Its living processes, and theirs. */
  readonly processes: number;
  readonly zombies: number;
  /** Of outputs, as `/metrics` counts them. */
  readonly readers: number;
  /** Since it was started. */
  readonly spawns: number;
}

export async function takeSample(osPid: number, url: string, seconds: number): Promise<Sample> {
  const metrics = await (await fetch(`${url}/metrics`, { keepalive: false })).text();
  const descendants = descendantsOf(osPid);
  return {
    seconds,
    rssBytes: rssBytes(osPid),
    fds: readdirSync(`/proc/${osPid}/fd`).length,
    threads: readdirSync(`/proc/${osPid}/task`).length,
    processes: descendants.filter(({ state }) => state !== "Z").length,
    zombies: descendants.filter(({ state }) => state === "Z").length,
    readers: sumOf(metrics, "gafferd_template_readers"),
    spawns: sumOf(metrics, "gafferd_spawns_total"),
  };
}

/** Resolves when every template has settled: it runs as many as are wanted, or nothing is to come of it. */
export async function isSettled(client: Client): Promise<boolean> {
  const templates = await client.describe();
  return templates.every(({ status: { state, running, numprocesses } }) =>
    state === "running" ? running === numprocesses : state === "stopped" || state === "fatal" || state === "exited",
  );
}

interface Descendant {
  readonly osPid: number;
  readonly parent: number;
  readonly state: string;
}

function descendantsOf(osPid: number): Descendant[] {
  const all = readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => readStat(Number(entry)) ?? []);
  const found: Descendant[] = [];
  const parents = new Set([osPid]);
  for (let before = -1; before !== found.length;) {
    before = found.length;
    for (const each of all) {
      if (!parents.has(each.parent) || parents.has(each.osPid)) continue;
      parents.add(each.osPid);
      found.push(each);
    }
  }
  return found;
}

function readStat(osPid: number): Descendant | undefined {
  try {
    const stat = readFileSync(`/proc/${osPid}/stat`, "latin1");
    const [state = "", parent = ""] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { osPid, parent: Number(parent), state };
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function sumOf(metrics: string, name: string): number {
  const lines = metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"));
  return Array.from(lines, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0);
}
