import { DroppedOutput } from "./dropped-output.ts";
import type { SupervisedProcess } from "./supervised-process.ts";

/** So many exits are remembered, with their output. */
const keptExits = 10;

/** The processes of one template: those alive, those gone but not finished, and the last exits. */
export class Population {
  readonly #alive = new Map<number, SupervisedProcess>();
  readonly #unfinished = new Set<SupervisedProcess>();
  readonly #exits: SupervisedProcess[] = [];
  readonly #dropped = new DroppedOutput();

  /** How many have not exited: what is stopping keeps its place until it is gone. */
  get size(): number {
    return this.#alive.size;
  }

  /** Those that have not exited, ascending by id. */
  get alive(): readonly SupervisedProcess[] {
    return [...this.#alive.values()];
  }

  /** Those that nobody has told to stop. */
  get running(): readonly SupervisedProcess[] {
    return this.alive.filter((process) => process.state === "running");
  }

  /** So many of them, those with the highest slots. */
  highest(count: number): readonly SupervisedProcess[] {
    return count <= 0 ? [] : this.running.toSorted((a, b) => a.slot - b.slot).slice(-count);
  }

  /** How many of them there are. */
  get runningCount(): number {
    let count = 0;
    for (const { state } of this.#alive.values()) if (state === "running") count++;
    return count;
  }

  /** Those alive that stop with their template. */
  get supervised(): readonly SupervisedProcess[] {
    return this.alive.filter((process) => !process.template.detach);
  }

  /** All of those outlived SIGKILL. */
  get isUnkillable(): boolean {
    return this.#unfinished.size === 0 && this.supervised.every(({ survivors }) => survivors.length > 0);
  }

  /** Gone, but their output or what they left of their group is not. */
  get unfinished(): ReadonlySet<SupervisedProcess> {
    return this.#unfinished;
  }

  /** The last that exited, oldest exit first. */
  get exits(): readonly SupervisedProcess[] {
    return this.#exits;
  }

  /** Of the exits that are no longer remembered. */
  get dropped(): DroppedOutput {
    return this.#dropped;
  }

  find(id: number): SupervisedProcess | undefined {
    return this.#alive.get(id) ?? this.#exits.find((process) => process.id === id);
  }

  add(process: SupervisedProcess): void {
    this.#alive.set(process.id, process);
  }

  exited(process: SupervisedProcess): void {
    this.#alive.delete(process.id);
    this.#unfinished.add(process);
    this.#exits.push(process);
    const forgotten = this.#exits.length > keptExits ? this.#exits.shift() : undefined;
    if (forgotten !== undefined) this.#dropped.add(forgotten);
  }

  finished(process: SupervisedProcess): void {
    this.#unfinished.delete(process);
  }
}
