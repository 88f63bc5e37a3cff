import { closeSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../log.ts";
import { markerPrefixOf, markerVariable } from "../process/stop/marker.ts";
import { openPipe } from "../process/spawn/pipe.ts";
import { trackSpawned } from "../process/stop/subreaper.ts";

/** A process that stops gafferd's processes if gafferd is killed. */
export interface Guardian {
  /** Ends the guardian and resolves when it has exited. Call it when all processes have exited. */
  close(): Promise<void>;
}

/**
 * Starts the guardian: a shell of about 2 MB that waits on a pipe until gafferd writes `done` or exits. It runs in its own
 * session, so that signals to gafferd's process group do not reach it. Logs a warning and returns undefined if it cannot
 * start.
 */
export function startGuardian({ runFile, log }: { runFile: string; log: Logger }): Guardian | undefined {
  let lifeline: number | undefined;
  try {
    const pipe = openPipe();
    lifeline = pipe.writeEnd;
    try {
      const guardian = spawn(pipe.readEnd, runFile);
      let isClosing = false;
      void guardian.exited.then(() => {
        if (!isClosing) log.warn("the guardian has exited: if gafferd is killed now, its processes keep running");
      });
      return {
        async close() {
          isClosing = true;
          sendDone(pipe.writeEnd);
          await guardian.exited;
        },
      };
    } finally {
      closeSync(pipe.readEnd);
    }
  } catch (error) {
    if (lifeline !== undefined) closeSync(lifeline);
    log.warn(`cannot start the guardian: ${String(error)}; if gafferd is killed, its processes keep running`);
    return undefined;
  }
}

const script = readFileSync(join(import.meta.dir, "guardian.sh"), "utf8");

function spawn(lifeline: number, runFile: string): Bun.Subprocess {
  const outer = process.env[markerVariable];
  const guardian = Bun.spawn({
    cmd: ["sh", "-c", script, "gafferd-guardian", runFile, markerPrefixOf("end")],
    env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...(outer !== undefined && { [markerVariable]: outer }) },
    cwd: "/",
    stdin: lifeline,
    stdout: "ignore",
    stderr: "ignore",
    detached: true,
  });
  trackSpawned(guardian);
  guardian.unref();
  return guardian;
}

function sendDone(lifeline: number): void {
  try {
    writeSync(lifeline, "done\n");
  } catch {
    // EPIPE: the guardian has already exited.
  }
  closeSync(lifeline);
}
