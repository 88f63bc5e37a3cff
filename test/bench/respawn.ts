import { join } from "node:path";
import { runScript } from "./child.ts";
import { startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { median, percentile } from "./statistics.ts";

const client = join(import.meta.dir, "clients/crash.ts");
const crashes = 15;
/** A process that ran for a second is restarted at once, unless the last one crashed within `reset_after`. */
const ranMs = 1100;
const backoff = "100ms, 30s, 2, 0.1, 1s";

/** From `kill -9` until a client hears, over SSE, the kernel's id of the process that runs in its stead. */
export const respawn = defineMeasure({
  name: "respawn",
  needs: [],
  figures: { respawn: { what: "crash to respawn", unit: "ms", goals: [{ of: "ours", bound: "<", value: 5 }] } },
  round: async () => {
    await using gafferd = await startGafferd();
    // With a line of output comes the head of the client's answer, which then knows that it is connected.
    const cmd = "sh -c 'echo up; exec sleep 1000'";
    await gafferd.create({ name: "crashing", cmd, redirect_output: ["stdout"], backoff });
    const tookMs = await runScript<number[]>(client, [gafferd.url, "crashing", crashes, ranMs]);
    return { respawn: { ours: median(tookMs), also: { p99: percentile(tookMs, 99), slowest: Math.max(...tookMs) } } };
  },
});
