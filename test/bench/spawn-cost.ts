import { type Gafferd, startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { cpuSeconds } from "./proc.ts";

const crowds = { few: 100, many: 1000, most: 5000 };
/** Enough processes for a clock of CPU time with steps of 10 ms. */
const more = 300;
const heldBytes = 1_000_000_000;
const pollMs = 20;
const settleMs = 500;
const limit = "100 running";

/**
 * CPU cost of one more process, with many running processes and in a daemon that holds 1 GB of output. If the cost grew
 * with memory, as with `fork`, spawning would have to move to a small helper process. It only grows with the number of open
 * descriptors, because the kernel copies the descriptor table for every child: 0.006 ms per 1,000.
 */
export const spawnCost = defineMeasure({
  name: "spawn-cost",
  needs: [],
  figures: {
    few: { what: "CPU to spawn one more process, 100 running", unit: "ms", goals: [] },
    many: { what: "… 1,000 running", unit: "ms", limit, goals: [{ of: "ratio", bound: "≤", value: 2 }] },
    most: { what: "… 5,000 running", unit: "ms", limit, goals: [{ of: "ratio", bound: "≤", value: 2 }] },
    big: { what: "… with 1 GB of buffered output", unit: "ms", limit, goals: [{ of: "ratio", bound: "≤", value: 2 }] },
  },
  round: async () => {
    const few = await spawnCpuMs(crowds.few);
    const many = await spawnCpuMs(crowds.many);
    const most = await spawnCpuMs(crowds.most);
    const big = await spawnCpuMs(crowds.few, { heldBytes });
    return {
      few: { value: few },
      many: { value: many, limit: few },
      most: { value: most, limit: few },
      big: { value: big, limit: few },
    };
  },
});

async function spawnCpuMs(crowd: number, options: { heldBytes?: number } = {}): Promise<number> {
  await using gafferd = await startGafferd();
  if (options.heldBytes !== undefined) await holdOutput(gafferd, options.heldBytes);
  await gafferd.create({ name: "sleeps", cmd: "sleep 1000", numprocesses: crowd });
  await running(gafferd, crowd);
  await Bun.sleep(settleMs);
  const before = cpuSeconds(gafferd.osPid);
  await fetch(`${gafferd.url}/processes/sleeps/_add/${more}`, { method: "POST" });
  await running(gafferd, crowd + more);
  return (1000 * (cpuSeconds(gafferd.osPid) - before)) / more;
}

async function holdOutput(gafferd: Gafferd, bytes: number): Promise<void> {
  const cmd = `head -c ${bytes} /dev/zero`;
  await gafferd.create({ name: "zeros", cmd, restart: "never", redirect_output: ["out"], output_buffer: "1g" });
  while ((await gafferd.get<{ state: string }>("/status/zeros")).state !== "exited") await Bun.sleep(pollMs);
}

async function running(gafferd: Gafferd, count: number): Promise<void> {
  while ((await gafferd.get<{ running: number }>("/status/sleeps")).running < count) await Bun.sleep(pollMs);
}
