import { readdirSync } from "node:fs";
import type { Client } from "../../src/client/client.ts";
import { withDescendants } from "../../src/process/stop/descendants.ts";
import { isAlive } from "../../src/process/proc-stat.ts";
import { rssBytes } from "../bench/proc.ts";

/** Resources of an idle gafferd. */
export interface Sample {
  /** Time since the start of the soak test. */
  readonly seconds: number;
  readonly rssBytes: number;
  readonly fds: number;
  readonly threads: number;
  /** Live descendants. */
  readonly processes: number;
  readonly zombies: number;
  /** Output readers, as counted by `/metrics`. */
  readonly readers: number;
  /** Spawns since gafferd started. */
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

/** Whether every template runs all wanted processes, or is stopped, fatal or exited. */
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
