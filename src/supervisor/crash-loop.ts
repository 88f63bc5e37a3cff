import type { Logger } from "../log.ts";
import { describeRow, formatSpan } from "./exit-words.ts";

/** So many failures in a row are a crash loop. */
const loopAt = 3;

/** What a loop is of: the processes of a slot, or attempts to spawn one. */
export type LoopPlace = number | "spawn";

/** An exit that nobody asked for, or a process that could not be spawned. */
export interface FailedRun {
  readonly place: LoopPlace;
  /** How many of them there were in a row. */
  readonly times: number;
  /** As the log names it: `web[3]`. */
  readonly who: string;
  /** `exited with status 1 after 0.01 s`; without `times`. */
  readonly what: string;
  /** `next start in 0.4 s`. */
  readonly next: string;
  /** Not logged by itself, but counted: an exit that was no failure. */
  readonly isQuiet: boolean;
}

export interface CrashLoopOptions {
  readonly log: Logger;
  /** Of the template. */
  readonly name: string;
  /** Called when a process of the slot has run long enough. */
  readonly onSteady: (slot: number) => void;
  /** Between two lines of one loop; default: a minute. */
  readonly remindMs?: number | undefined;
}

/**
 * Logs the failures of a template: each in a line of its own, but of a crash loop one line when it begins, one a minute
 * while it lasts, and one when it ends. Owns a timer while there is a loop, and one for each slot in it whose process runs.
 */
export class CrashLoop {
  readonly #options: CrashLoopOptions;
  /** The places in the loop: how each failed last, and the timer that ends its part in it. */
  readonly #places = new Map<LoopPlace, { readonly failure: FailedRun; readonly timer?: NodeJS.Timeout }>();
  #latest: FailedRun | undefined;
  #reminder: NodeJS.Timeout | undefined;

  constructor(options: CrashLoopOptions) {
    this.#options = options;
  }

  /** How many in a row there were of late; 0 while there is no loop. */
  get times(): number {
    return this.#latest?.times ?? 0;
  }

  /** `exited with status 1 after 0.01 s, 14 times in a row`; undefined while there is no loop. */
  get reason(): string | undefined {
    return this.#latest && `${this.#latest.what}${describeRow(this.#latest.times)}`;
  }

  failed(failure: FailedRun): void {
    const { place, times, who, what, next, isQuiet } = failure;
    if (times < loopAt) {
      if (!isQuiet) this.#options.log.warn(`${who} ${what}; ${next}`);
      return;
    }
    clearTimeout(this.#places.get(place)?.timer);
    this.#places.set(place, { failure });
    const isNew = this.#latest === undefined;
    this.#latest = failure;
    if (!isNew) return;
    this.#warn(`is in a crash loop: ${this.reason}; ${next}`);
    const remind = () => this.#warn(`is still in a crash loop: ${this.reason}`);
    this.#reminder = setInterval(remind, this.#options.remindMs ?? 60_000);
  }

  /** A process runs in the slot: it leaves the loop when it still does after so long. */
  spawned(slot: number, steadyAfterMs: number): void {
    this.#leave("spawn", "it could be started");
    const { failure, timer } = this.#places.get(slot) ?? {};
    if (failure === undefined) return;
    clearTimeout(timer);
    const onSteady = () => {
      this.#leave(slot, `its process has run for ${formatSpan(steadyAfterMs)}`);
      this.#options.onSteady(slot);
    };
    this.#places.set(slot, { failure, timer: setTimeout(onSteady, steadyAfterMs) });
  }

  /** No process of the slot is wanted any more. */
  dropped(slot: number): void {
    this.#leave(slot, "fewer processes are wanted");
  }

  /** Ends the loop, if there is one. */
  end(why: string): void {
    for (const { timer } of this.#places.values()) clearTimeout(timer);
    this.#places.clear();
    clearInterval(this.#reminder);
    if (this.#latest === undefined) return;
    const { place, times } = this.#latest;
    this.#latest = undefined;
    const what = place === "spawn" ? "failed starts" : "exits";
    this.#warn(`is no longer in a crash loop, after ${times} ${what} in a row: ${why}`);
  }

  #leave(place: LoopPlace, why: string): void {
    clearTimeout(this.#places.get(place)?.timer);
    if (!this.#places.delete(place)) return;
    if (this.#places.size === 0) return this.end(why);
    // What is told is of a place that is still in it.
    if (this.#latest?.place === place) this.#latest = [...this.#places.values()].at(-1)?.failure;
  }

  #warn(text: string): void {
    this.#options.log.warn(`${this.#options.name} ${text}`);
  }
}
