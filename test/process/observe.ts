import { readFileSync, readdirSync } from "node:fs";
import { procStatOf } from "../../src/process/proc-stat.ts";
import type { OutputPipe } from "../../src/process/spawn/output-pipe.ts";

export const isRoot = process.geteuid?.() === 0;

/** All that comes through the pipe until its end. */
export async function readAll(pipe: OutputPipe | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for (;;) {
    const { done, value } = (await pipe?.read()) ?? { done: true };
    if (done || value === undefined) return Buffer.concat(chunks);
    chunks.push(value);
  }
}

export async function readText(pipe: OutputPipe | undefined): Promise<string> {
  return (await readAll(pipe)).toString();
}

/** The first line that comes, without its end. */
export async function readLine(pipe: OutputPipe | undefined): Promise<string> {
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = (await pipe?.read()) ?? { done: true };
    if (done || value === undefined) break;
    text += Buffer.from(value).toString();
  }
  return text.split("\n", 1)[0] ?? "";
}

/** Whether there is such a process and it is no zombie. */
export function lives(osPid: number): boolean {
  const stat = procStatOf(osPid);
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

/** How many descriptors a process has open; this one by default. */
export function openFds(osPid: number | "self" = "self"): number {
  return readdirSync(`/proc/${osPid}/fd`).length;
}

/** Children of a process, of this one by default, that have ended and were not reaped. */
export function zombies(osPid = process.pid): number {
  const children = readFileSync(`/proc/${osPid}/task/${osPid}/children`, "latin1").split(" ").filter(Boolean);
  return children.filter((child) => procStatOf(child)?.state === "Z").length;
}
