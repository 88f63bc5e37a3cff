import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";
import { type Child, startChild } from "./child.ts";

/** A `curl` that discards its input: the same consumer for gafferd and for the reference. */
export interface Curl {
  /** Resolves when the head of the response has arrived. */
  readonly connected: () => Promise<unknown>;
  readonly finished: Promise<{ readonly bytes: number; readonly isWhole: boolean }>;
}

let count = 0;

/** `headless`: the server sends raw bytes without an HTTP head. */
export function startCurl(url: string, folder: string, { headless = false } = {}): Curl {
  const head = join(folder, `head-${count++}`);
  const kind = headless ? ["--http0.9"] : ["-D", head];
  const sink = ["-o", "/dev/null", "-w", "%{size_download}\n"];
  const child = startChild(["curl", "-sS", "-N", "--max-time", "60", ...kind, ...sink, url]);
  return {
    connected: () => waitFor(() => existsSync(head) && readFileSync(head).includes("\r\n\r\n"), `the head of ${url}`),
    finished: finish(child, head),
  };
}

async function finish(child: Child, head: string): Promise<{ bytes: number; isWhole: boolean }> {
  const status = await child.exited;
  rmSync(head, { force: true });
  // A killed curl prints nothing.
  const bytes = Number(await child.stdout.rest());
  return { bytes, isWhole: status === 0 };
}
