import { closeSync, writeSync } from "node:fs";
import type { Failure } from "../failure.ts";

/** What the daemon reports to the `gafferd --daemon` that started it, as one line of JSON on a pipe. */
export type ReadinessReport = Listening | Failure;

export interface Listening {
  readonly osPid: number;
  readonly urls: readonly string[];
  readonly logFile: string;
}

/** The descriptor of the pipe in the daemon. */
export const readinessDescriptor = 3;
/** The environment variable of a gafferd that runs in the background. */
export const readinessVariable = "GAFFERD_READINESS";
/** Its values: a `gafferd --daemon` waits at the pipe; gafferd was started again, so nobody waits. */
export const [awaited, inBackground] = ["1", "0"] as const;

/** Sends the report. Returns false if a report was sent before, or if no caller waits. */
export type Readiness = (report: ReadinessReport) => boolean;

/**
 * Returns the function that reports to the `gafferd --daemon` that started this process. Undefined if this process runs
 * in the foreground. Call it before any process is spawned: it removes the variable from the environment.
 */
export function takeReadiness(): Readiness | undefined {
  const value = process.env[readinessVariable];
  delete process.env[readinessVariable];
  if (value === undefined) return undefined;
  let isAwaited = value === awaited;
  return (report) => {
    // After it was closed, the descriptor may belong to another file.
    if (!isAwaited) return false;
    isAwaited = false;
    try {
      writeSync(readinessDescriptor, `${JSON.stringify(report)}\n`);
      closeSync(readinessDescriptor);
      return true;
    } catch {
      // The caller was killed meanwhile. The daemon continues.
      return false;
    }
  };
}
