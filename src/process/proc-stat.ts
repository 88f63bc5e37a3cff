import { existsSync, readFileSync, readdirSync } from "node:fs";
import { tryRead } from "./proc-file.ts";

/** What `/proc/PID/stat` says of where a process belongs. */
export interface ProcStat {
  /** One letter: `R`, `S`, `D`, `Z` (zombie), `X` (dead) … */
  readonly state: string;
  readonly groupId: number;
  readonly sessionId: number;
  /** When it began, in ticks since the boot: with the number it tells one process from all others. */
  readonly startTicks: number;
}

/** Whether this system has a Linux `/proc`. */
export const hasProc = existsSync("/proc/self/stat");

/** Where the process belongs now, or undefined when there is none. Needs `/proc`. Throws GafferdError `overloaded`. */
export function procStatOf(osPid: number | string): ProcStat | undefined {
  const stat = tryRead(() => readFileSync(`/proc/${osPid}/stat`, "latin1"));
  if (stat === undefined) return undefined;
  const fields = statFields(stat, 20);
  const [state = "", , groupId, sessionId] = fields;
  return { state, groupId: Number(groupId), sessionId: Number(sessionId), startTicks: Number(fields[19]) };
}

/** The kernel's short name of a process that lives, and the letter of its state. Needs `/proc`. */
export function nameAndStateOf(osPid: number): { readonly name: string; readonly state: string } | undefined {
  const stat = tryRead(() => readFileSync(`/proc/${osPid}/stat`, "latin1"));
  if (stat === undefined) return undefined;
  const [state = "X"] = statFields(stat, 1);
  const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
  return "ZXx".includes(state) ? undefined : { name, state };
}

/** Whether it is more than an entry that waits for its parent to look at it. */
export function isAlive({ state }: ProcStat): boolean {
  return !"ZXx".includes(state);
}

/**
 * The first fields after the name in the text of a `/proc/PID/stat`: that of index 0 is the third of proc_pid_stat(5).
 * `1234 (comm) S ppid pgrp session …`: the name in parentheses may itself hold spaces and parentheses.
 */
export function statFields(stat: string, count: number): string[] {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ", count);
}

/** The ids of all processes. Needs `/proc`. */
export function osPids(): string[] {
  return readdirSync("/proc").filter((name) => /^\d/.test(name));
}
