import type { Logger } from "../log.ts";
import { describeStreak, formatSpan } from "./describe-exit.ts";

/** This many failures in a row are a crash loop. */
const loopThreshold = 3;

/** What fails repeatedly: the processes of a slot, or the attempts to spawn a process. */
export type LoopMember = number | "spawn";

/** An unexpected exit, or a process that could not be spawned. */
export interface FailedRun {
  readonly member: LoopMember;
  /** The number of consecutive failures, including this one. */
  readonly times: number;
  /** The name in the log: `web[3]`. */
  readonly who: string;
  /** What happened, without `times`: `exited with status 1 after 0.01 s`. */
  readonly what: string;
  /** What follows: `restarting in 0.4 s`. */
  readonly next: string;
  /** Counted but not logged by itself: a successful exit. */
  readonly isQuiet: boolean;
}

export interface CrashLoopOptions {
  readonly log: Logger;
  /** The name of the template. */
  readonly name: string;
  /** Called when a process of the slot has run long enough to leave the loop. */
  readonly onStable: (slot: number) => void;
  /** The time between two log lines about the same loop; default: one minute. */
  readonly reminderMs?: number | undefined;
}

/**
 * Logs the failures of a template. Each failure gets one line, except in a crash loop: that gets one line when it begins,
 * one a minute while it continues, and one when it ends. Owns a timer while there is a loop, and one for each of its slots
 * whose process is running.
 */
export class CrashLoop {
  readonly #options: CrashLoopOptions;
  /** The members of the loop, each with its last failure and the timer after which it leaves the loop. */
  readonly #members = new Map<LoopMember, { readonly failure: FailedRun; readonly timer?: NodeJS.Timeout }>();
  #latest: FailedRun | undefined;
  #reminder: NodeJS.Timeout | undefined;

  constructor(options: CrashLoopOptions) {
    this.#options = options;
  }

  /** The consecutive failures of the member that failed last; 0 while there is no loop. */
  get times(): number {
    return this.#latest?.times ?? 0;
  }

  /** `exited with status 1 after 0.01 s, 14 times in a row`; undefined while there is no loop. */
  get reason(): string | undefined {
    return this.#latest && `${this.#latest.what}${describeStreak(this.#latest.times)}`;
  }

  failed(failure: FailedRun): void {
    const { member, times, who, what, next, isQuiet } = failure;
    if (times < loopThreshold) {
      if (!isQuiet) this.#options.log.warn(`${who} ${what}; ${next}`);
      return;
    }
    clearTimeout(this.#members.get(member)?.timer);
    this.#members.set(member, { failure });
    const isNew = this.#latest === undefined;
    this.#latest = failure;
    if (!isNew) return;
    this.#warn(`is in a crash loop: ${this.reason}; ${next}`);
    const remind = () => this.#warn(`is still in a crash loop: ${this.reason}`);
    this.#reminder = setInterval(remind, this.#options.reminderMs ?? 60_000);
  }

  /** A process was spawned in the slot. The slot leaves the loop if the process is still running after `stableAfterMs`. */
  spawned(slot: number, stableAfterMs: number): void {
    this.#leave("spawn", "a process was started");
    const { failure, timer } = this.#members.get(slot) ?? {};
    if (failure === undefined) return;
    clearTimeout(timer);
    const onStable = () => {
      this.#leave(slot, `its process has run for ${formatSpan(stableAfterMs)}`);
      this.#options.onStable(slot);
    };
    this.#members.set(slot, { failure, timer: setTimeout(onStable, stableAfterMs) });
  }

  /** The slot was removed because fewer processes are wanted. */
  removed(slot: number): void {
    this.#leave(slot, "it was scaled down");
  }

  /** Ends the loop, if there is one. */
  end(why: string): void {
    for (const { timer } of this.#members.values()) clearTimeout(timer);
    this.#members.clear();
    clearInterval(this.#reminder);
    if (this.#latest === undefined) return;
    const { member, times } = this.#latest;
    this.#latest = undefined;
    const what = member === "spawn" ? "failed starts" : "exits";
    this.#warn(`is no longer in a crash loop, after ${times} ${what} in a row: ${why}`);
  }

  #leave(member: LoopMember, why: string): void {
    clearTimeout(this.#members.get(member)?.timer);
    if (!this.#members.delete(member)) return;
    if (this.#members.size === 0) return this.end(why);
    // Reminders must describe a member that is still in the loop.
    if (this.#latest?.member === member) this.#latest = [...this.#members.values()].at(-1)?.failure;
  }

  #warn(text: string): void {
    this.#options.log.warn(`${this.#options.name} ${text}`);
  }
}
