import { join } from "node:path";
import { runScript } from "./child.ts";

const client = join(import.meta.dir, "clients/ping.ts");

/** Requests `/ping` repeatedly for `durationMs` from a separate process. Resolves to the latencies in ms. */
export async function ping(url: string, durationMs: number): Promise<number[]> {
  return await runScript<number[]>(client, [url, durationMs]);
}
