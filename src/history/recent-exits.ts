import { maxExitsOfTemplate, type RecordedExit } from "./exit-rows.ts";

/** How many exits of all templates are kept in memory. */
const maxInMemory = 1000;

/** Exits that are not in the store: those of the last moment, and all if there is none. Oldest first. */
export class RecentExits {
  #exits: RecordedExit[] = [];
  /** By template. */
  readonly #counts = new Map<string, number>();

  get size(): number {
    return this.#exits.length;
  }

  /** Adds an exit, and drops the oldest beyond 100 of its template and 1,000 in all. */
  add(exit: RecordedExit): void {
    const { name } = exit.rest;
    this.#exits.push(exit);
    const count = (this.#counts.get(name) ?? 0) + 1;
    this.#counts.set(name, count);
    if (count > maxExitsOfTemplate) this.#drop(this.#exits.findIndex(({ rest }) => rest.name === name));
    if (this.#exits.length > maxInMemory) this.#drop(0);
  }

  of(name: string): RecordedExit[] {
    return this.#counts.has(name) ? this.#exits.filter(({ rest }) => rest.name === name) : [];
  }

  /** Returns all and forgets them. */
  take(): readonly RecordedExit[] {
    const taken = this.#exits;
    this.#exits = [];
    this.#counts.clear();
    return taken;
  }

  /** Call if exits that were taken could not be written. */
  putBack(taken: readonly RecordedExit[]): void {
    for (const exit of [...taken, ...this.take()]) this.add(exit);
  }

  #drop(index: number): void {
    const [dropped] = this.#exits.splice(index, 1);
    if (dropped === undefined) return;
    const { name } = dropped.rest;
    const count = (this.#counts.get(name) ?? 1) - 1;
    if (count === 0) this.#counts.delete(name);
    else this.#counts.set(name, count);
  }
}
