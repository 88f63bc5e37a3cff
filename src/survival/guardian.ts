import { closeSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../log.ts";
import { cgroupFolder } from "../process/stop/cgroup-folder.ts";
import { markerPrefixOf, markerVariable } from "../process/stop/marker.ts";
import { openPipe } from "../process/spawn/pipe.ts";
import { trackSpawned } from "../process/stop/subreaper.ts";

/** A process that stops gafferd's processes if gafferd is killed. It is replaced if it exits. */
export interface Guardian {
  /** The descriptor of the pipe to it, which changes when it is replaced; -1 if there is none. */
  readonly lifeline: number;
  /** Tells the guardian not to start gafferd again, because gafferd is stopping. */
  stopping(): void;
  /** Ends the guardian and resolves when it has exited. Call it when all processes have exited. */
  close(): Promise<void>;
}

/** How to start gafferd again, and when. */
export interface RestartCommand {
  /** `stop`: only if it hung. */
  readonly onCrash: "stop" | "restart";
  readonly cmd: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** An absolute path. */
  readonly cwd: string;
  /** The file that the guardian logs to, and gafferd before it opens it; empty for the descriptors of gafferd. */
  readonly logFile: string;
}

export interface GuardianOptions {
  readonly runFile: string;
  /** Undefined if gafferd is not to be started again. */
  readonly restart: RestartCommand | undefined;
  readonly log: Logger;
}

/**
 * What gafferd writes to the guardian: it is stopping, or it has stopped everything itself. The third line, `hang`, comes
 * from watchdog.c before it kills gafferd.
 */
type GuardianLine = "stopping" | "done";

/** A guardian that exits within `soonMs` is replaced after twice the delay of the one before it. */
const [soonMs, minDelayMs, maxDelayMs] = [60_000, 100, 60_000];

/**
 * Starts the guardian: a shell of about 2 MB that waits on a pipe until gafferd writes `done` or exits. It runs in its own
 * session, so that signals to gafferd's process group do not reach it. If it cannot start or exits, this logs a warning
 * and starts another one later.
 */
export function startGuardian(options: GuardianOptions): Guardian {
  const { log } = options;
  let current: Shell | undefined;
  let isStopping = false;
  let isClosing = false;
  let delayMs = minDelayMs;
  let timer: Timer | undefined;

  const replaceLater = (problem: string): void => {
    log.warn(
      `${problem}: if gafferd is killed now, its processes keep running; starting another in ${delayMs / 1000} s`,
    );
    timer = setTimeout(start, delayMs).unref();
    delayMs = Math.min(delayMs * 2, maxDelayMs);
  };

  function start(): void {
    const startMs = performance.now();
    try {
      const shell = (current = spawn(options));
      if (isStopping) write(shell.lifeline, "stopping");
      void shell.exited.then(() => {
        current = undefined;
        if (isClosing) return;
        closeSync(shell.lifeline);
        if (performance.now() - startMs > soonMs) delayMs = minDelayMs;
        replaceLater("the guardian has exited");
      });
    } catch (error) {
      replaceLater(`cannot start the guardian: ${String(error)}`);
    }
  }

  start();
  return {
    get lifeline() {
      return current?.lifeline ?? -1;
    },
    stopping() {
      isStopping = true;
      if (current !== undefined) write(current.lifeline, "stopping");
    },
    async close() {
      isClosing = true;
      clearTimeout(timer);
      if (current === undefined) return;
      const { lifeline, exited } = current;
      write(lifeline, "done");
      closeSync(lifeline);
      await exited;
    },
  };
}

interface Shell {
  readonly exited: Promise<number>;
  /** The write end of the pipe. */
  readonly lifeline: number;
}

const script = readFileSync(join(import.meta.dir, "guardian.sh"), "utf8");

function spawn({ runFile, restart }: GuardianOptions): Shell {
  const outer = process.env[markerVariable];
  const path = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
  const onRestart =
    restart === undefined ? ["stop", "", "/"] : [restart.onCrash, restart.logFile, restart.cwd, ...restart.cmd];
  // A restarted gafferd writes where this one does. Without a restart, the guardian must not keep a pipe open.
  const output = restart === undefined || restart.logFile !== "" ? "ignore" : "inherit";
  const { readEnd, writeEnd } = openPipe();
  try {
    const shell = Bun.spawn({
      cmd: ["sh", "-c", script, "gafferd-guardian", runFile, markerPrefixOf("end"), cgroupFolder() ?? "", ...onRestart],
      env: { ...path, ...restart?.env, ...(outer !== undefined && { [markerVariable]: outer }) },
      cwd: "/",
      stdin: readEnd,
      stdout: output,
      stderr: output,
      detached: true,
    });
    trackSpawned(shell);
    shell.unref();
    return { exited: shell.exited, lifeline: writeEnd };
  } catch (error) {
    closeSync(writeEnd);
    throw error;
  } finally {
    closeSync(readEnd);
  }
}

function write(lifeline: number, line: GuardianLine): void {
  try {
    writeSync(lifeline, `${line}\n`);
  } catch {
    // EPIPE: the guardian has already exited.
  }
}
