import { closeSync, writeSync } from "node:fs";
import type { Failure } from "./failure.ts";

/** What the daemon reports to the `gafferd --daemon` that started it, as one line of JSON on a pipe. */
export type ReadinessReport = Listening | Failure;

export interface Listening {
  readonly osPid: number;
  readonly urls: readonly string[];
  readonly logFile: string;
}

/** The descriptor of the pipe in the daemon, and the environment variable that is set if there is one. */
export const readinessDescriptor = 3;
export const readinessVariable = "GAFFERD_READINESS";

/** Sends the report. Returns false if a report was sent before, or if the caller has exited. */
export type Readiness = (report: ReadinessReport) => boolean;

/**
 * Returns the function that reports to the `gafferd --daemon` that started this process. Undefined if this process was
 * started in another way. Call it before any process is spawned: it removes the variable from the environment.
 */
export function takeReadiness(): Readiness | undefined {
  let isAwaited = process.env[readinessVariable] !== undefined;
  delete process.env[readinessVariable];
  if (!isAwaited) return undefined;
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
