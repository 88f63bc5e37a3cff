import { join } from "node:path";
import type { Logger } from "../log.ts";
import { markerPrefixOf } from "../process/stop/marker.ts";
import { procStatOf } from "../process/proc-stat.ts";
import { parseSignal } from "../template/signals.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { type Guardian, startGuardian } from "./guardian.ts";
import { RunFile } from "./run-file.ts";
import { currentPidScope } from "./pid-scope.ts";

export interface RunLedgerOptions {
  readonly stateDir: string;
  /** Empty without one. */
  readonly configFile: string;
  readonly log: Logger;
}

/** Those of one program are told apart, should it run several daemons. */
let count = 0;

/** Where the run files of a state folder are. */
export function runsFolder(stateDir: string): string {
  return join(stateDir, "runs");
}

/**
 * Sees to it that nothing lives on unnoticed when gafferd is killed: a file lists what runs, a guardian ends it, and the
 * next gafferd finds what the guardian did not (`leftovers.ts`). Both come into being with the first process.
 */
export class RunLedger {
  readonly #file: RunFile;
  readonly #log: Logger;
  #guardian: Guardian | undefined;
  #isGuarded = false;

  /** Undefined where the system has no means to tell a process from a later one of the same number. */
  static open(options: RunLedgerOptions): RunLedger | undefined {
    const pidScope = currentPidScope();
    const startTicks = procStatOf(process.pid)?.startTicks;
    // What PID 1 started ends with it: the kernel sees to that.
    if (pidScope === undefined || startTicks === undefined || process.pid === 1) return undefined;
    const { stateDir, configFile, log } = options;
    count += 1;
    const path = join(runsFolder(stateDir), `${process.pid}-${startTicks}-${count}`);
    const header = { pidScope, osPid: process.pid, startTicks, configFile, endMarkers: markerPrefixOf("end") };
    return new RunLedger(new RunFile(path, { header, log }), log);
  }

  private constructor(file: RunFile, log: Logger) {
    this.#file = file;
    this.#log = log;
  }

  /** The guardian is there before the first that it is to end. */
  beforeSpawn({ onHostExit }: ProcessTemplate): void {
    if (this.#isGuarded || onHostExit === "keep") return;
    this.#isGuarded = true;
    this.#guardian = startGuardian({ runFile: this.#file.path, log: this.#log });
  }

  spawned({ osPid, marker, template }: { osPid: number; marker: string; template: ProcessTemplate }): void {
    const startTicks = startOf(osPid);
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

  /** To be called when all that is listed was stopped. */
  async close(): Promise<void> {
    await this.#guardian?.close();
    this.#file.close();
  }
}

/** Undefined when it is gone, or no descriptor is free to see: then its marker tells of it. */
function startOf(osPid: number): number | undefined {
  try {
    return procStatOf(osPid)?.startTicks;
  } catch {
    return undefined;
  }
}
