import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import type { OutputMemory } from "../output/output-memory.ts";
import type { Process } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { SupervisedProcess } from "./supervised-process.ts";
import type { Verdict } from "./verdict.ts";

/**
 * Records every process that gafferd must stop at some time. If gafferd is killed, its successor finds these processes and
 * stops them.
 */
export interface Ledger {
  /** Called before a process of the template is spawned. */
  beforeSpawn(template: ProcessTemplate): void;
  /** Called after the spawn. */
  spawned(process: Spawned): void;
  /** Called when nothing of the process is running any more. */
  gone(osPid: number): void;
}

export interface Spawned extends Pick<Process, "osPid" | "startTicks" | "marker"> {
  readonly template: ProcessTemplate;
}

/** What the manager passes to its supervisors. */
export interface SupervisorContext {
  readonly bus: EventBus;
  readonly log: Logger;
  readonly ledger?: Ledger | undefined;
  /** The memory of the outputs of all templates. Default: without a limit. */
  readonly memory?: OutputMemory | undefined;
  /** How often the log repeats that a crash loop continues; default: once a minute. */
  readonly reminderMs?: number;
  /** The next process id of this daemon. */
  nextId(): number;
  /** Called after a process was spawned, before its events. */
  spawned?(process: SupervisedProcess): void;
  /**
   * Called after a process has exited, when it is decided what follows. `verdict` is undefined if gafferd had asked for the
   * exit, or the template was stopped.
   */
  exited?(process: SupervisedProcess, verdict: Verdict | undefined): void;
  /** Called after the template has become `fatal`. */
  gaveUp(template: ProcessTemplate, reason: string): void;
}
