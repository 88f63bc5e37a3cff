import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../wait-for.ts";
import { type Child, startChild } from "./child.ts";

/** A `curl` that throws away what it gets: the same consumer for gafferd and for what it is compared with. */
export interface Curl {
  /** Resolves when the head of the answer has come, and with it the first of the body. */
  readonly connected: () => Promise<unknown>;
  readonly finished: Promise<{ readonly bytes: number; readonly isWhole: boolean }>;
}

let count = 0;

/** `headless`: the server speaks no HTTP, it just sends. */
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
  // One that was killed says nothing.
  const bytes = Number(await child.stdout.rest());
  return { bytes, isWhole: status === 0 };
}
