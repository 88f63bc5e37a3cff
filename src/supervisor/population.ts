import type { Actor } from "../actor.ts";
import type { ProcessExit } from "../process/process.ts";
import type { OldOutput, OutputMemory } from "../output/output-memory.ts";
import { DroppedOutput } from "./dropped-output.ts";
import type { StopReason, SupervisedProcess } from "./supervised-process.ts";

/** The number of exited processes that are kept, with their output. */
const keptExits = 10;

/** The processes of one template: alive, exited but not finished, and the last that exited. */
export class Population {
  readonly #alive = new Map<number, SupervisedProcess>();
  /** Those of `#alive` that were not asked to stop. */
  readonly #running = new Set<SupervisedProcess>();
  /** Those of `#alive` that are not detached. */
  readonly #supervised = new Set<SupervisedProcess>();
  /** Those of `#alive` that survived SIGKILL. */
  readonly #unkillable = new Set<SupervisedProcess>();
  readonly #unfinished = new Set<SupervisedProcess>();
  readonly #exits: SupervisedProcess[] = [];
  readonly #dropped = new DroppedOutput();
  readonly #memory: OutputMemory | undefined;
  /** Of `#exits`, in the same order. */
  readonly #old: OldOutput[] = [];
  #isRetired = false;

  constructor(memory?: OutputMemory) {
    this.#memory = memory;
  }

  /** The number of processes that have not exited, without those that survived SIGKILL. One that is stopping counts. */
  get size(): number {
    return this.#alive.size - this.#unkillable.size;
  }

  /** The processes that have not exited, ascending by id. */
  get alive(): readonly SupervisedProcess[] {
    return [...this.#alive.values()];
  }

  /** The alive processes that were not asked to stop. */
  get running(): readonly SupervisedProcess[] {
    return [...this.#running];
  }

  /** The `count` running processes with the highest slots. */
  highest(count: number): readonly SupervisedProcess[] {
    return count <= 0 ? [] : this.running.toSorted((a, b) => a.slot - b.slot).slice(-count);
  }

  /** The number of running processes. */
  get runningCount(): number {
    return this.#running.size;
  }

  /** The alive processes that are not detached: they stop with their template. */
  get supervised(): ReadonlySet<SupervisedProcess> {
    return this.#supervised;
  }

  /** Every process that is left survived SIGKILL. */
  get isUnkillable(): boolean {
    return this.#unfinished.size === 0 && this.#supervised.values().every(({ survivors }) => survivors.length > 0);
  }

  /** The processes that have exited, but whose output or process group has not ended. */
  get unfinished(): ReadonlySet<SupervisedProcess> {
    return this.#unfinished;
  }

  /** The last processes that exited, oldest exit first. */
  get exits(): readonly SupervisedProcess[] {
    return this.#exits;
  }

  /** Totals of the exited processes that are no longer kept. */
  get dropped(): DroppedOutput {
    return this.#dropped;
  }

  find(id: number): SupervisedProcess | undefined {
    return this.#alive.get(id) ?? this.#exits.find((process) => process.id === id);
  }

  /** Calls `onExit` when the process has exited, and `onFinished` when its output and its process group have ended too. */
  add(
    process: SupervisedProcess,
    { onExit, onFinished }: { readonly onExit: (exit: ProcessExit) => void; readonly onFinished: () => void },
  ): void {
    this.#alive.set(process.id, process);
    this.#running.add(process);
    if (!process.template.detach) this.#supervised.add(process);
    void process.exited.then((exit) => {
      this.#exited(process);
      void process.finished.then(() => {
        this.#unfinished.delete(process);
        onFinished();
      });
      onExit(exit);
    });
  }

  /** Call before a stop, which changes the state of the process at once. Returns false if it is not running. */
  beginStop(process: SupervisedProcess, reason: StopReason, by?: Actor): boolean {
    if (!this.#running.delete(process)) return false;
    process.beginStop(reason, by);
    return true;
  }

  /** Call after a stop. A process that survived SIGKILL no longer counts. Returns whether it did. */
  giveUpUnkillable(process: SupervisedProcess): boolean {
    if (process.survivors.length === 0 || !this.#alive.has(process.id)) return false;
    this.#unkillable.add(process);
    return true;
  }

  /** Call when no process will follow. What is kept no longer counts: only streams that are open read it. */
  retire(): void {
    this.#isRetired = true;
    for (const process of this.#exits) uncount(process);
    for (const old of this.#old) this.#memory?.removeOld(old);
  }

  #exited(process: SupervisedProcess): void {
    this.#alive.delete(process.id);
    this.#running.delete(process);
    this.#supervised.delete(process);
    this.#unkillable.delete(process);
    this.#unfinished.add(process);
    this.#exits.push(process);
    this.#mayBeDropped(process);
    const forgotten = this.#exits.length > keptExits ? this.#forgetOldest() : undefined;
    if (forgotten !== undefined) uncount(forgotten);
  }

  #mayBeDropped(process: SupervisedProcess): void {
    if (this.#isRetired) return uncount(process);
    const isOldest = () => this.#exits[0] === process;
    const old: OldOutput = {
      get mayDrop() {
        return isOldest() && process.outputEnded;
      },
      drop: () => {
        this.#forgetOldest();
        for (const ring of process.rings.values()) ring.drop();
      },
    };
    this.#old.push(old);
    this.#memory?.addOld(old);
  }

  #forgetOldest(): SupervisedProcess | undefined {
    const old = this.#old.shift();
    if (old !== undefined) this.#memory?.removeOld(old);
    const forgotten = this.#exits.shift();
    if (forgotten !== undefined) this.#dropped.add(forgotten);
    return forgotten;
  }
}

function uncount({ rings }: SupervisedProcess): void {
  for (const ring of rings.values()) ring.uncount();
}
