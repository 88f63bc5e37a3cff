import { defineMeasure } from "./measure.ts";
import { measureStall } from "./stall.ts";

const readers = 100;

/** A hundred readers of the events of a flood that stop reading. */
export const stalled = defineMeasure({
  name: "stalled",
  needs: ["yes"],
  figures: {
    memory: {
      what: `memory for ${readers} stalled readers of a flood`,
      unit: "MB",
      goals: [{ of: "value", bound: "<", value: 150 }],
    },
    ping: {
      what: "`/ping` with stalled readers, 99th percentile",
      unit: "ms",
      limit: "no readers",
      goals: [{ of: "value", bound: "≤", value: 50 }],
    },
    slowest: { what: "`/ping` with stalled readers, slowest", unit: "ms", limit: "no readers", goals: [] },
  },
  round: async () => ({ ...(await measureStall(readers, (pid) => `/streams/${pid}/stdout?feed=eventsource`)) }),
});
