import { readFileSync } from "node:fs";
import { type Client, createClient } from "../../src/client/client.ts";
import { type RunningGafferd, startGafferd } from "../cli/running.ts";

let strangers = 0;

/** An unused uid that no concurrent run of these tests uses either. */
export function takeStrangerUid(): number {
  return ++strangers * 10_000_000 + process.pid;
}

/** A running `gafferd` and a client for it. */
export interface Host extends RunningGafferd {
  readonly client: Client;
}

/** Starts `gafferd` with the command prefix `under`, such as `prlimit --nofile=40`. */
export async function startHost(under: readonly string[] = [], argv: readonly string[] = []): Promise<Host> {
  const gafferd = await startGafferd(argv, { under });
  return { ...gafferd, client: createClient(gafferd.url) };
}

/** CPU time that a process has used, in ms; see `utime` and `stime` in proc(5). */
export function cpuMs(osPid: number): number {
  const fields = readFileSync(`/proc/${osPid}/stat`, "latin1").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}
