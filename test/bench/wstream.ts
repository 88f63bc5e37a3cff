import { join } from "node:path";
import { runScript } from "./child.ts";
import { flood } from "./flood.ts";
import { type Gafferd, startGafferd } from "./gafferd.ts";
import { defineMeasure, type Sample } from "./measure.ts";
import { cpuSeconds } from "./proc.ts";
import { whenQuiet } from "./quiet.ts";
import { measureStall } from "./stall.ts";

const client = join(import.meta.dir, "clients/drain.ts");
const passes = 3;
const passMs = 1500;
const sockets = 100;

/** A flood over a WebSocket (binary frames), compared with its raw feed to the same reader. */
export const wstream = defineMeasure({
  name: "wstream",
  needs: ["yes"],
  figures: {
    rate: {
      what: "a flood over a WebSocket",
      unit: "GB/s",
      limit: "its raw feed, lossless",
      goals: [{ of: "ratio", bound: "≥", value: 0.5 }],
    },
    memory: {
      what: `memory for ${sockets} stalled WebSockets of a flood`,
      unit: "MB",
      goals: [{ of: "value", bound: "<", value: 150 }],
    },
    ping: {
      what: "`/ping` with stalled WebSockets, 99th percentile",
      unit: "ms",
      limit: "no readers",
      goals: [{ of: "value", bound: "≤", value: 50 }],
    },
  },
  round: async () => {
    const rate = await compare();
    const { memory, ping } = await measureStall(sockets, (pid) => `/wstreams/${pid}`);
    return { rate, memory, ping };
  },
});

/** Measures both alternately, from the same process. */
async function compare(): Promise<Sample> {
  await using gafferd = await startGafferd();
  const pid = await flood(gafferd);
  let [socket, raw, cpu] = [0, 0, 0];
  for (let pass = 0; pass < passes; pass++) {
    await whenQuiet();
    raw += await drain(gafferd, `/streams/${pid}/stdout?feed=continuous&lossless=true&tail=0`);
    const cpuBefore = cpuSeconds(gafferd.osPid);
    socket += await drain(gafferd, `/wstreams/${pid}?tail=0`);
    cpu += cpuSeconds(gafferd.osPid) - cpuBefore;
  }
  const gigabytes = (bytesPerSecond: number) => bytesPerSecond / passes / 1e9;
  return { value: gigabytes(socket), limit: gigabytes(raw), also: { cpuSecondsPerPass: cpu / passes } };
}

async function drain({ url }: Gafferd, path: string): Promise<number> {
  return await runScript<number>(client, [url, path, passMs]);
}
