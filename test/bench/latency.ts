import { join } from "node:path";
import { runScript } from "./child.ts";
import { startGafferd } from "./gafferd.ts";
import { defineMeasure } from "./measure.ts";
import { median, percentile } from "./statistics.ts";

const client = join(import.meta.dir, "clients/echo.ts");
const lines = 300;

/** Time from posting a line to the stdin of a `cat` until its event arrives, measured in a separate client process. */
export const latency = defineMeasure({
  name: "latency",
  needs: [],
  figures: {
    echo: { what: "a line to a `cat` is back over SSE", unit: "ms", goals: [{ of: "value", bound: "<", value: 2 }] },
  },
  round: async () => {
    await using gafferd = await startGafferd();
    const template = { cmd: "cat", redirect_output: ["stdout"], redirect_input: true };
    const [pid = 0] = await gafferd.create({ name: "echo", ...template });
    const tookMs = await runScript<number[]>(client, [gafferd.url, pid, lines]);
    return { echo: { value: median(tookMs), also: { p99: percentile(tookMs, 99), slowest: Math.max(...tookMs) } } };
  },
});
