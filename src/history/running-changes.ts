import type { RunningRow } from "./exit-rows.ts";

/** What changed in the list of running processes since it was written: a new process, or `gone`. */
export type RunningChange = RunningRow | "gone";

/** The changes that are to be written, by pid. A process that starts and exits in between costs nothing. */
export class RunningChanges {
  #changes = new Map<number, RunningChange>();

  get size(): number {
    return this.#changes.size;
  }

  spawned(row: RunningRow): void {
    this.#changes.set(row.pid, row);
  }

  exited(pid: number): void {
    if (this.#changes.get(pid) === undefined) this.#changes.set(pid, "gone");
    else this.#changes.delete(pid);
  }

  /** Returns the changes and forgets them. */
  take(): ReadonlyMap<number, RunningChange> {
    const taken = this.#changes;
    this.#changes = new Map();
    return taken;
  }

  /** Call if changes that were taken could not be written. */
  putBack(taken: ReadonlyMap<number, RunningChange>): void {
    for (const [pid, change] of taken) {
      if (change !== "gone" && this.#changes.delete(pid)) continue;
      if (!this.#changes.has(pid)) this.#changes.set(pid, change);
    }
  }
}
