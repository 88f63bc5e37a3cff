import { join } from "node:path";
import { startChild } from "./child.ts";
import { type Gafferd, startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { rssBytes } from "./proc.ts";
import { whenQuiet } from "./quiet.ts";

const runLoop = join(import.meta.dir, "limits/run-loop.ts");
const count = 10_000;
const warmUp = 500;
/** As many clients as a busy CI host has jobs. */
const concurrency = 32;
/** Runs are forgotten so long after their end. */
const keepSeconds = 1;
/** Time for that, and for garbage collection. */
const settleMs = 5000;

/** Runs `true` ten thousand times, each with its own request, which waits for its exit. */
export const runs = defineMeasure({
  name: "runs",
  needs: [],
  figures: {
    rate: {
      what: "runs of `true` a second, one request each",
      unit: "/s",
      limit: "a bare Bun.spawn loop",
      goals: [{ of: "ratio", bound: "≥", value: 0.5 }],
    },
    memory: {
      what: "memory that 10,000 forgotten runs leave",
      unit: "MB",
      goals: [{ of: "value", bound: "≤", value: 40 }],
    },
  },
  round: async () => {
    await whenQuiet();
    await using bare = startChild([process.execPath, runLoop, String(count), String(concurrency)]);
    const [seconds = ""] = await bare.stdout.match(/^[\d.]+$/);
    await bare.exited;
    await using gafferd = await startGafferd();
    await runMany(gafferd, "warm", warmUp);
    await Bun.sleep(settleMs);
    const rssBefore = rssBytes(gafferd.osPid);
    const startedMs = performance.now();
    await runMany(gafferd, "run", count);
    const rate = count / ((performance.now() - startedMs) / 1000);
    await Bun.sleep(settleMs);
    const left = (await gafferd.get<unknown[]>("/runs")).length;
    if (left > 0) throw new Error(`${left} runs are still kept`);
    return {
      rate: { value: rate, limit: count / Number(seconds) },
      memory: { value: (rssBytes(gafferd.osPid) - rssBefore) / 1e6 },
    };
  },
});

async function runMany({ url }: Gafferd, prefix: string, many: number): Promise<void> {
  let begun = 0;
  const work = async (): Promise<void> => {
    while (begun < many) {
      const id = `${prefix}-${(begun += 1)}`;
      const body = JSON.stringify({ cmd: "true", keep: keepSeconds });
      const answer = await fetch(`${url}/runs/${id}`, { method: "PUT", body });
      const { exit_status: status } = (await answer.json()) as { exit_status: number };
      if (status !== 0) throw new Error(`run ${id} ended with ${status}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
}
