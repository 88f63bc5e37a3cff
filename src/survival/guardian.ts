import { closeSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../log.ts";
import { markerPrefixOf, markerVariable } from "../process/stop/marker.ts";
import { openPipe } from "../process/spawn/pipe.ts";
import { trackSpawned } from "../process/stop/subreaper.ts";

/** What ends gafferd's processes when gafferd was killed. */
export interface Guardian {
  /** Resolves when the guardian is gone, which has nothing to do any more. */
  close(): Promise<void>;
}

/**
 * Starts the guardian: a shell of some 2 MB that sleeps on a pipe until gafferd writes that all is done, or is gone. It
 * leads a session of its own, so that no signal for gafferd's group reaches it. Undefined where it cannot be started.
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
          tellDone(pipe.writeEnd);
          await guardian.exited;
        },
      };
    } finally {
      closeSync(pipe.readEnd);
    }
  } catch (error) {
    if (lifeline !== undefined) closeSync(lifeline);
    log.warn(`cannot start the guardian, without which processes live on if gafferd is killed: ${String(error)}`);
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

function tellDone(lifeline: number): void {
  try {
    writeSync(lifeline, "done\n");
  } catch {
    // EPIPE: it is gone already.
  }
  closeSync(lifeline);
}
