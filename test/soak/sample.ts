import { readdirSync } from "node:fs";
import type { Client } from "../../src/client/client.ts";
import { withDescendants } from "../../src/process/stop/descendants.ts";
import { isAlive } from "../../src/process/proc-stat.ts";
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
  const family = withDescendants([osPid]);
  family.delete(osPid);
  const isZombie = [...family.values()].map((membership) => !isAlive(membership));
  return {
    seconds,
    rssBytes: rssBytes(osPid),
    fds: readdirSync(`/proc/${osPid}/fd`).length,
    threads: readdirSync(`/proc/${osPid}/task`).length,
    processes: isZombie.filter((each) => !each).length,
    zombies: isZombie.filter((each) => each).length,
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

function sumOf(metrics: string, name: string): number {
  const lines = metrics.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, "gm"));
  return Array.from(lines, ([, value]) => Number(value)).reduce((sum, value) => sum + value, 0);
}
