import { closeSync, writeSync } from "node:fs";
import type { Failure } from "./failure.ts";

/** What the daemon tells the `gafferd --daemon` that started it: one line of JSON on a pipe. */
export type ReadinessReport = Listening | Failure;

export interface Listening {
  readonly osPid: number;
  readonly urls: readonly string[];
  readonly logFile: string;
}

/** The descriptor of that pipe in the daemon, and the variable that says that it is there. */
export const readinessDescriptor = 3;
export const readinessVariable = "GAFFERD_READINESS";

/** Reports once. False when it has reported already, or the caller is gone. */
export type Readiness = (report: ReadinessReport) => boolean;

/**
 * How to report to the `gafferd --daemon` that started this process; undefined when none did. To be called before anything is
 * spawned: it takes the variable out of the environment.
 */
export function takeReadiness(): Readiness | undefined {
  let isAwaited = process.env[readinessVariable] !== undefined;
  delete process.env[readinessVariable];
  if (!isAwaited) return undefined;
  return (report) => {
    // Once closed, the descriptor may be anything.
    if (!isAwaited) return false;
    isAwaited = false;
    try {
      writeSync(readinessDescriptor, `${JSON.stringify(report)}\n`);
      closeSync(readinessDescriptor);
      return true;
    } catch {
      // The caller was killed meanwhile; the daemon is to go on.
      return false;
    }
  };
}
