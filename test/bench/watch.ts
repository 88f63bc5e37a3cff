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
/** So many that live so long would end two thousand times a second; what it takes to spawn them halves that. */
const processes = 100;
const cmd = ["sleep", "0.05"];
const durationMs = 5000;

/** A hundred clients in one process watch all events, while processes that live 50 ms are respawned. */
export const watch = defineMeasure({
  name: "watch",
  needs: [],
  figures: {
    rate: {
      what: `spawns a second that ${watchers} watch`,
      unit: "/s",
      limit: "a bare loop, nobody watches",
      goals: [{ of: "ours", bound: "≥", value: 1000 }],
    },
    missing: { what: "events that a watcher missed", unit: "events", goals: [{ of: "ours", bound: "≤", value: 0 }] },
    median: { what: "from an event to its watchers, median", unit: "ms", goals: [] },
    p99: {
      what: "from an event to its watchers, 99th percentile",
      unit: "ms",
      limit: "`/ping` beside them",
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
    const [text, complaint] = await Promise.all([watching.stdout.rest(), watching.stderr.rest()]);
    if ((await watching.exited) !== 0) throw new Error(`the watchers failed: ${complaint}`);
    const seen = JSON.parse(text.replace("watching\n", "")) as ReceivedSummary;
    if (seen.events < restarts * 2) throw new Error(`of ${restarts} respawns watchers saw ${seen.events} events`);
    return {
      rate: { ours: restarts / seconds, limit: bare / (durationMs / 1000) },
      missing: { ours: seen.missing, also: { events: seen.events } },
      median: { ours: seen.medianMs },
      p99: { ours: seen.p99Ms, limit: percentile(pings, 99), also: { slowest: seen.slowestMs } },
    };
  },
});
