import { readFileSync, readdirSync } from "node:fs";
import { procStatOf } from "../../src/process/proc-stat.ts";
import type { OutputPipe } from "../../src/process/spawn/output-pipe.ts";

export const isRoot = process.geteuid?.() === 0;

/** Reads the pipe until its end. */
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

/** Reads the first line, without its newline. */
export async function readLine(pipe: OutputPipe | undefined): Promise<string> {
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = (await pipe?.read()) ?? { done: true };
    if (done || value === undefined) break;
    text += Buffer.from(value).toString();
  }
  return text.split("\n", 1)[0] ?? "";
}

/** Whether the process exists and is not a zombie. */
export function lives(osPid: number): boolean {
  const stat = procStatOf(osPid);
  return stat !== undefined && stat.state !== "Z" && stat.state !== "X";
}

/** The number of open descriptors of a process. Default: this process. */
export function openFds(osPid: number | "self" = "self"): number {
  return readdirSync(`/proc/${osPid}/fd`).length;
}

/** The children of the main thread of a process. */
export function childrenOf(osPid: number): number[] {
  const text = readFileSync(`/proc/${osPid}/task/${osPid}/children`, "latin1");
  return text.split(" ").filter(Boolean).map(Number);
}

/** The number of zombie children of a process. Default: this process. */
export function zombies(osPid = process.pid): number {
  return childrenOf(osPid).filter((child) => procStatOf(child)?.state === "Z").length;
}
