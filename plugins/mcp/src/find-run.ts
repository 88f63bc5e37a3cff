import type { RunDocument } from "./describe.ts";
import type { ToolContext } from "./tool.ts";

/** A run, with at most so many bytes of each output. */
export async function findRun(id: string, maxBytes: number, { api, signal }: ToolContext): Promise<RunDocument> {
  const response = await api.send({ path: ["runs", id], query: { max_bytes: maxBytes }, signal });
  return (await response.json()) as RunDocument;
}
