import { defineMeasure } from "./measure.ts";
import { measureStall } from "./stall.ts";

const readers = 100;

/** A hundred readers of a flood's events that stop reading. */
export const stalled = defineMeasure({
  name: "stalled",
  needs: ["yes"],
  figures: {
    memory: {
      what: `${readers} stalled readers of a flood cost`,
      unit: "MB",
      goals: [{ of: "ours", bound: "<", value: 150 }],
    },
    ping: {
      what: "`/ping` beside them, 99th percentile",
      unit: "ms",
      limit: "no readers",
      goals: [{ of: "ours", bound: "≤", value: 50 }],
    },
    slowest: { what: "`/ping` beside them, slowest", unit: "ms", limit: "no readers", goals: [] },
  },
  round: async () => ({ ...(await measureStall(readers, (pid) => `/streams/${pid}/stdout?feed=eventsource`)) }),
});
