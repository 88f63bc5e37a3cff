import { existsSync, readdirSync } from "node:fs";
import { readProcText, tryRead } from "./proc-file.ts";

/** The state, process group and session of a process, from `/proc/PID/stat`. */
export interface ProcStat {
  /** One letter, such as `R` (running), `S` (sleeping), `D` (disk wait), `Z` (zombie) or `X` (dead). */
  readonly state: string;
  readonly groupId: number;
  readonly sessionId: number;
  /** The number of threads. */
  readonly threads: number;
  /** The start time in clock ticks since the boot. The pid and the start time together identify a process. */
  readonly startTicks: number;
}

/** Whether this system has a Linux `/proc`. */
export const hasProc = existsSync("/proc/self/stat");

/** Reads the stat of a process. Undefined if there is none. Needs `/proc`. Throws GafferdError `overloaded`. */
export function procStatOf(osPid: number | string): ProcStat | undefined {
  const stat = tryRead(() => readProcText(`/proc/${osPid}/stat`));
  if (stat === undefined) return undefined;
  const fields = statFields(stat, 20);
  const [state = "", , groupId, sessionId] = fields;
  const [threads, startTicks] = [Number(fields[17]), Number(fields[19])];
  return { state, groupId: Number(groupId), sessionId: Number(sessionId), threads, startTicks };
}

/** The command name (`comm`) and state letter of a running process. Undefined if it has exited. Needs `/proc`. */
export function nameAndStateOf(osPid: number): { readonly name: string; readonly state: string } | undefined {
  const stat = tryRead(() => readProcText(`/proc/${osPid}/stat`));
  if (stat === undefined) return undefined;
  const fields = statFields(stat, 18);
  const [state = "X"] = fields;
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  return isAlive({ state, threads: Number(fields[17]) }) ? { name, state } : undefined;
}

/**
 * Whether the process is running, that is, neither a zombie nor dead. A process whose first thread has ended before the
 * others looks like a zombie with several threads, and is running.
 */
export function isAlive({ state, threads }: Pick<ProcStat, "state" | "threads">): boolean {
  return !"ZXx".includes(state) || (state === "Z" && threads > 1);
}

/**
 * Returns the first `count` fields after the command name in the text of `/proc/PID/stat`. Index 0 is field 3 of
 * proc_pid_stat(5). The text is `1234 (comm) S ppid pgrp session …`; the name can contain spaces and parentheses.
 */
export function statFields(stat: string, count: number): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ", count);
}

/** The pids of all processes. Needs `/proc`. */
export function osPids(): string[] {
  return readdirSync("/proc").filter((name) => /^\d/.test(name));
}

/** Whether the process with this pid and start time is running. Needs `/proc`. Throws GafferdError `overloaded`. */
export function isStillRunning({ osPid, startTicks }: { osPid: number; startTicks: number | undefined }): boolean {
  const stat = procStatOf(osPid);
  return stat !== undefined && isAlive(stat) && stat.startTicks === startTicks;
}
