import { join } from "node:path";
import { runScript } from "./child.ts";
import { defineMeasure } from "./measure.ts";

const frames = join(import.meta.dir, "limits/frame.ts");

/** Making events of bytes, and nothing else. */
export const framing = defineMeasure({
  name: "framing",
  needs: [],
  figures: {
    short: { what: "framing alone, 20-byte lines", unit: "GB/s", goals: [] },
    long: { what: "framing alone, 100-byte lines", unit: "GB/s", goals: [] },
  },
  round: async () => ({
    short: { ours: await runScript<number>(frames, [20]) },
    long: { ours: await runScript<number>(frames, [100]) },
  }),
});
