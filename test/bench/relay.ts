import { type Carried, carryThroughGafferd, carryThroughSocat, type CarryOptions, payloadOfEvents } from "./carry.ts";
import { startGafferd } from "./gafferd.ts";
import { defineMeasure, type Sample } from "./measure.ts";
import { fileBytes, greeting, type Workspace } from "./workspace.ts";

const limit = "socat";
const eventReaders = 10;

/** Lossless transfer of 100-byte lines from a process to `curl`, compared with `socat -b 65536`. */
export const relay = defineMeasure({
  name: "relay",
  needs: ["curl", "socat"],
  figures: {
    raw: {
      what: "raw, lossless, one reader",
      unit: "GB/s",
      limit,
      goals: [
        { of: "ratio", bound: "≥", value: 0.6 },
        { of: "cpu", bound: "≤", value: 1.1 },
      ],
    },
    events: {
      what: "SSE, lossless, one reader",
      unit: "GB/s",
      limit,
      goals: [
        { of: "ratio", bound: "≥", value: 0.4 },
        { of: "cpu", bound: "≤", value: 1.8 },
      ],
    },
    together: {
      what: `SSE, lossless, ${eventReaders} readers together`,
      unit: "GB/s",
      limit,
      goals: [{ of: "ratio", bound: "≥", value: 1 }],
    },
  },
  round: async (workspace) => ({
    raw: await compare(workspace, 4, { feed: "continuous", readers: 1, lossless: true }),
    events: await compare(workspace, 4, { feed: "eventsource", readers: 1, lossless: true }),
    together: await compare(workspace, 2, { feed: "eventsource", readers: eventReaders, lossless: true }),
  }),
});

/** Transfers the file alternately through socat and one gafferd, because the speed of the machine varies. */
async function compare(workspace: Workspace, passes: number, options: CarryOptions): Promise<Sample> {
  await using gafferd = await startGafferd();
  const total = { limitSeconds: 0, seconds: 0, cpuSeconds: 0 };
  for (let pass = 0; pass < passes; pass++) {
    total.limitSeconds += (await carryThroughSocat(workspace)).seconds;
    const carried = await carryThroughGafferd(gafferd, workspace, options);
    assertWhole(carried, options);
    total.seconds += carried.seconds;
    total.cpuSeconds += carried.cpuSeconds;
  }
  const gigabytes = (fileBytes * passes) / 1e9;
  return {
    value: (gigabytes * options.readers) / total.seconds,
    limit: gigabytes / total.limitSeconds,
    cpuSecondsPerGb: total.cpuSeconds / gigabytes,
  };
}

function assertWhole({ received }: Carried, { feed }: CarryOptions): void {
  for (const { bytes, isWhole } of received) {
    const isAll =
      feed === "continuous" ? bytes === greeting.length + fileBytes : payloadOfEvents(bytes) > fileBytes * 0.999;
    if (!isWhole || !isAll) throw new Error(`a lossless reader received ${bytes} bytes of a file of ${fileBytes}`);
  }
}
