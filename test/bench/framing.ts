import { join } from "node:path";
import { runScript } from "./child.ts";
import { defineMeasure } from "./measure.ts";

const frames = join(import.meta.dir, "limits/frame.ts");

/** Encoding bytes as events, without transfer. */
export const framing = defineMeasure({
  name: "framing",
  needs: [],
  figures: {
    short: { what: "framing alone, 20-byte lines", unit: "GB/s", goals: [] },
    long: { what: "framing alone, 100-byte lines", unit: "GB/s", goals: [] },
  },
  round: async () => ({
    short: { value: await runScript<number>(frames, [20]) },
    long: { value: await runScript<number>(frames, [100]) },
  }),
});
