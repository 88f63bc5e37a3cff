import { join } from "node:path";
import type { Logger } from "../log.ts";
import { markerPrefixOf } from "../process/stop/marker.ts";
import type { Process } from "../process/process.ts";
import { procStatOf } from "../process/proc-stat.ts";
import { parseSignal } from "../template/signals.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { type Guardian, type RestartCommand, startGuardian } from "./guardian.ts";
import { RunFile } from "./run-file.ts";
import { currentPidScope } from "./pid-scope.ts";

export interface RunLedgerOptions {
  readonly stateDir: string;
  /** Empty if there is no configuration file. */
  readonly configFile: string;
  readonly log: Logger;
  /** How the guardian starts gafferd again if it is killed; undefined if it does not. */
  readonly restart?: RestartCommand | undefined;
}

/** Distinguishes the run files of several daemons in one program. */
let count = 0;

/** The directory of run files in a state directory. */
export function runsFolder(stateDir: string): string {
  return join(stateDir, "runs");
}

/**
 * Makes sure that the processes are stopped if gafferd is killed: a run file lists them, a guardian stops them, and the next
 * gafferd stops those that the guardian missed (`leftovers.ts`). The file and the guardian are created with the first
 * process; a guardian that starts gafferd again is created at once.
 */
export class RunLedger {
  readonly #file: RunFile;
  readonly #options: RunLedgerOptions;
  #guardian: Guardian | undefined;

  /** Undefined if the system cannot distinguish a process from a later one with the same pid. */
  static open(options: RunLedgerOptions): RunLedger | undefined {
    const pidScope = currentPidScope();
    const startTicks = procStatOf(process.pid)?.startTicks;
    // If PID 1 exits, the kernel kills all processes of its pid namespace.
    if (pidScope === undefined || startTicks === undefined || process.pid === 1) return undefined;
    const { stateDir, configFile, log, restart } = options;
    count += 1;
    const path = join(runsFolder(stateDir), `${process.pid}-${startTicks}-${count}`);
    const header = { pidScope, osPid: process.pid, startTicks, configFile, endMarkers: markerPrefixOf("end") };
    const ledger = new RunLedger(new RunFile(path, { header, log }), options);
    if (restart !== undefined) ledger.#guard();
    return ledger;
  }

  private constructor(file: RunFile, options: RunLedgerOptions) {
    this.#file = file;
    this.#options = options;
  }

  /** Starts the guardian before the first process that it has to stop. */
  beforeSpawn({ onHostExit }: ProcessTemplate): void {
    if (onHostExit !== "keep") this.#guard();
  }

  spawned(process: Pick<Process, "osPid" | "startTicks" | "marker"> & { template: ProcessTemplate }): void {
    const { osPid, marker, template } = process;
    const startTicks = startOf(process);
    if (startTicks === undefined) return;
    const { name, killMode, stopSignal, gracefulTimeoutMs, onHostExit } = template;
    this.#file.add({
      osPid,
      startTicks,
      killMode,
      stopSignalNumber: parseSignal(stopSignal).number,
      gracefulTimeoutMs,
      onHostExit,
      marker,
      name,
    });
  }

  gone(osPid: number): void {
    this.#file.remove(osPid);
  }

  /** The descriptor of the pipe to the guardian; -1 if there is none. */
  get lifeline(): number {
    return this.#guardian?.lifeline ?? -1;
  }

  /** Tells the guardian that gafferd is stopping, so that it is not started again even if it is killed now. */
  stopping(): void {
    this.#guardian?.stopping();
  }

  /** Ends the guardian and deletes the run file. Call it when all listed processes have exited. */
  async close(): Promise<void> {
    await this.#guardian?.close();
    this.#file.close();
  }

  #guard(): void {
    const { log, restart } = this.#options;
    this.#guardian ??= startGuardian({ runFile: this.#file.path, restart, log });
  }
}

/** Whether the clock gives the start times of `/proc`. Undefined until both were compared. */
let isClockExact: boolean | undefined;

/**
 * A read from `/proc` takes up to 70 µs while the process loads its program, so the clock is used if it is exact. Undefined if
 * the process has exited, or if no file descriptor is free. Its marker identifies it in that case.
 */
function startOf({ osPid, startTicks: byClock }: Pick<Process, "osPid" | "startTicks">): number | undefined {
  if (byClock !== undefined && isClockExact === true) return byClock;
  try {
    const startTicks = procStatOf(osPid)?.startTicks;
    if (byClock !== undefined && startTicks !== undefined) isClockExact ??= startTicks === byClock;
    return startTicks;
  } catch {
    return undefined;
  }
}
