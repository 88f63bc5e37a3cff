import { join } from "node:path";
import { runScript } from "./child.ts";
import { startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { median, percentile } from "./statistics.ts";

const client = join(import.meta.dir, "clients/crash.ts");
const crashes = 15;
/** A process that ran longer than `reset_after` (1 s) is restarted without backoff. */
const ranMs = 1100;
const backoff = "100ms, 30s, 2, 0.1, 1s";

/** Time from `kill -9` until a client receives, over SSE, the OS pid of the new process. */
export const respawn = defineMeasure({
  name: "respawn",
  needs: [],
  figures: { respawn: { what: "crash to respawn", unit: "ms", goals: [{ of: "value", bound: "<", value: 5 }] } },
  round: async () => {
    await using gafferd = await startGafferd();
    // The line of output makes gafferd send the head of the response, so that the client knows that it is connected.
    const cmd = "sh -c 'echo up; exec sleep 1000'";
    await gafferd.create({ name: "crashing", cmd, redirect_output: ["stdout"], backoff });
    const tookMs = await runScript<number[]>(client, [gafferd.url, "crashing", crashes, ranMs]);
    return { respawn: { value: median(tookMs), also: { p99: percentile(tookMs, 99), slowest: Math.max(...tookMs) } } };
  },
});
