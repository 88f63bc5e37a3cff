import { join } from "node:path";
import { runScript, startChild } from "./child.ts";
import { startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { ping } from "./ping.ts";
import { whenQuiet } from "./quiet.ts";
import type { ReceivedSummary } from "./received.ts";
import { percentile } from "./statistics.ts";

const client = join(import.meta.dir, "clients/watch.ts");
const respawnLoop = join(import.meta.dir, "limits/respawn-loop.ts");
const watchers = 100;
/** 100 processes of 50 ms each would exit 2,000 times per second; the time to spawn them halves that. */
const processes = 100;
const cmd = ["sleep", "0.05"];
const durationMs = 5000;

/** A hundred clients in one process watch all events while processes that run for 50 ms are respawned. */
export const watch = defineMeasure({
  name: "watch",
  needs: [],
  figures: {
    rate: {
      what: `spawns per second with ${watchers} watchers`,
      unit: "/s",
      limit: "a bare loop, no watchers",
      goals: [{ of: "value", bound: "≥", value: 1000 }],
    },
    missing: { what: "events that a watcher missed", unit: "events", goals: [{ of: "value", bound: "≤", value: 0 }] },
    median: { what: "from an event to its watchers, median", unit: "ms", goals: [] },
    p99: {
      what: "from an event to its watchers, 99th percentile",
      unit: "ms",
      limit: "`/ping` meanwhile",
      goals: [],
    },
  },
  round: async () => {
    await whenQuiet();
    const bare = await runScript<number>(respawnLoop, [processes, durationMs, ...cmd]);
    await using gafferd = await startGafferd();
    await using watching = startChild([process.execPath, client, gafferd.url, String(watchers)]);
    await watching.stdout.match(/^watching$/m);
    const template = { name: "short", cmd: cmd.join(" "), numprocesses: processes, restart: "always", backoff: false };
    const startedMs = performance.now();
    await gafferd.create(template);
    const pings = await ping(gafferd.url, durationMs);
    const { restarts } = await gafferd.get<{ restarts: number }>("/status/short");
    const seconds = (performance.now() - startedMs) / 1000;
    await fetch(`${gafferd.url}/processes/short/_stop`, { method: "POST" });
    await watching.stdin.end();
    const [text, stderrText] = await Promise.all([watching.stdout.rest(), watching.stderr.rest()]);
    if ((await watching.exited) !== 0) throw new Error(`the watchers failed: ${stderrText}`);
    const seen = JSON.parse(text.replace("watching\n", "")) as ReceivedSummary;
    if (seen.events < restarts * 2)
      throw new Error(`watchers received only ${seen.events} events for ${restarts} respawns`);
    return {
      rate: { value: restarts / seconds, limit: bare / (durationMs / 1000) },
      missing: { value: seen.missing, also: { events: seen.events } },
      median: { value: seen.medianMs },
      p99: { value: seen.p99Ms, limit: percentile(pings, 99), also: { slowest: seen.slowestMs } },
    };
  },
});
