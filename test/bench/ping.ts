import { join } from "node:path";
import { runScript } from "./child.ts";

const client = join(import.meta.dir, "clients/ping.ts");

/** What each `/ping` of a client of its own took that asks again and again for so long, in ms. */
export async function ping(url: string, durationMs: number): Promise<number[]> {
  return await runScript<number[]>(client, [url, durationMs]);
}
