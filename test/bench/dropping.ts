import { carryThroughGafferd, type CarryOptions, payloadOfEvents } from "./carry.ts";
import { startGafferd } from "./gafferd.ts";
import { defineMeasure, type Sample } from "./measure.ts";
import { fileBytes, type Workspace } from "./workspace.ts";

const goals = [{ of: "value", bound: "≥", value: 99 }] as const;

/**
 * Not lossless: how much of the output reaches a `curl` that reads as fast as it can while the process does not wait. A raw
 * reader that falls behind is disconnected; the bytes received until then count.
 */
export const dropping = defineMeasure({
  name: "dropping",
  needs: ["curl"],
  figures: {
    raw: { what: "raw, not lossless, 4 MiB buffer: received", unit: "%", goals },
    events: { what: "SSE, not lossless, 4 MiB buffer: received", unit: "%", goals },
  },
  round: async (workspace) => ({
    raw: await arrival(workspace, "continuous"),
    events: await arrival(workspace, "eventsource"),
  }),
});

async function arrival(workspace: Workspace, feed: CarryOptions["feed"]): Promise<Sample> {
  const options = { feed, readers: 1, lossless: false, outputBuffer: "4m" };
  await using gafferd = await startGafferd();
  const { received, seconds, cpuSeconds } = await carryThroughGafferd(gafferd, workspace, options);
  const [{ bytes } = { bytes: 0 }] = received;
  const arrived = feed === "continuous" ? Math.min(bytes, fileBytes) : payloadOfEvents(bytes);
  return {
    value: (100 * arrived) / fileBytes,
    cpuSecondsPerGb: cpuSeconds / (fileBytes / 1e9),
    also: { gigabytesPerSecond: arrived / 1e9 / seconds },
  };
}
