import { existsSync, readFileSync, readdirSync } from "node:fs";

/** What `/proc/PID/stat` says of where a process belongs. */
export interface Membership {
  /** One letter: `R`, `S`, `D`, `Z` (zombie), `X` (dead) … */
  readonly state: string;
  readonly groupId: number;
  readonly sessionId: number;
}

/** Whether this system has a Linux `/proc`. */
export const hasProc = existsSync("/proc/self/stat");

/** Where the process belongs now, or undefined when there is none. Needs `/proc`. */
export function membershipOf(osPid: number | string): Membership | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${osPid}/stat`, "latin1");
  } catch {
    return undefined; // ENOENT, or ESRCH when it went between the open and the read.
  }
  const [state = "", , groupId, sessionId] = statFields(stat, 4);
  return { state, groupId: Number(groupId), sessionId: Number(sessionId) };
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
