import { z } from "zod";

/** The most that a tool returns of output, unless it is asked for more. */
const defaultMaxBytes = 8192;
const largestMaxBytes = 262_144;

/** Arguments that several tools have. */
export const target = z.string().min(1).describe("name of a template, pid, or run~ID");
export const maxBytes = z
  .number()
  .int()
  .min(256)
  .max(largestMaxBytes)
  .default(defaultMaxBytes)
  .describe("most bytes of output: head and tail");
export const since = z.string().optional().describe("next of an earlier answer, or an age such as 5m");
export const waitSeconds = (byDefault: number) =>
  z.number().min(0).max(600).default(byDefault).describe("how long to wait, in seconds");
export const environment = z.record(z.string(), z.string()).optional().describe("environment variables");

/** `run~ID`: how gafferd names the process of a run. */
const runPrefix = "run~";

/** The id of a run; undefined if the target is none. */
export function runIdOf(text: string): string | undefined {
  return text.startsWith(runPrefix) ? text.slice(runPrefix.length) : undefined;
}

export function targetOfRun(id: string): string {
  return runPrefix + id;
}

/** The number of a process; undefined if the target is a name. */
export function pidOf(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
