import type { CarryOptions } from "./carry.ts";
import { startCurl } from "./curl.ts";
import { flood } from "./flood.ts";
import { startGafferd } from "./gafferd.ts";
import { defineMeasure, type Sample } from "./measure.ts";
import { ping } from "./ping.ts";
import { percentile } from "./statistics.ts";
import type { Workspace } from "./workspace.ts";

const watchMs = 2000;
const manyReaders = 10;

/** Latency of `/ping` while other clients read a flood, lossless, as fast as possible. */
export const busy = defineMeasure({
  name: "busy",
  needs: ["curl", "yes"],
  figures: {
    raw: { what: "`/ping` beside a raw reader of a flood, 99th percentile", unit: "ms", goals: [] },
    events: { what: "`/ping` beside an SSE reader of a flood, 99th percentile", unit: "ms", goals: [] },
    many: { what: `\`/ping\` beside ${manyReaders} SSE readers of a flood, 99th percentile`, unit: "ms", goals: [] },
  },
  round: async (workspace) => ({
    raw: await pingBeside(workspace, { feed: "continuous", readers: 1 }),
    events: await pingBeside(workspace, { feed: "eventsource", readers: 1 }),
    many: await pingBeside(workspace, { feed: "eventsource", readers: manyReaders }),
  }),
});

type Readers = Pick<CarryOptions, "feed" | "readers">;

async function pingBeside({ path }: Workspace, { feed, readers }: Readers): Promise<Sample> {
  await using gafferd = await startGafferd();
  const pid = await flood(gafferd);
  const url = `${gafferd.url}/streams/${pid}/stdout?feed=${feed}&lossless=true`;
  const curls = Array.from({ length: readers }, () => startCurl(url, path));
  await Promise.all(curls.map((curl) => curl.connected()));
  const tookMs = await ping(gafferd.url, watchMs);
  return { value: percentile(tookMs, 99), also: { median: percentile(tookMs, 50), slowest: Math.max(...tookMs) } };
}
