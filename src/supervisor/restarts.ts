import type { GafferdError } from "../errors.ts";
import type { ProcessExit } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { resetAfterMs, streakAfterExit } from "./backoff.ts";
import type { SupervisorContext } from "./context.ts";
import { CrashLoop } from "./crash-loop.ts";
import { describeExit } from "./describe-exit.ts";
import { Retry, type RetryReason } from "./retry.ts";
import { Slots } from "./slots.ts";
import type { SupervisedProcess } from "./supervised-process.ts";
import { noTally, type Tally } from "./tally.ts";
import { decideExit, decideSpawnFailure, describeNext, isFailure, type Verdict } from "./verdict.ts";

export interface RestartsOptions {
  readonly context: Pick<SupervisorContext, "log" | "reminderMs">;
  /** The name of the template. */
  readonly name: string;
  /** Called when more processes may be spawned than before. */
  readonly onDue: () => void;
  /** Called when a crash loop has changed because time passed. */
  readonly onChange: () => void;
}

/**
 * Decides what follows an exit or a failed spawn, and logs it. It keeps the slots of the template, the time of the next
 * retry, and the counts on which the decisions depend.
 */
export class Restarts {
  readonly #slots: Slots;
  readonly #retry: Retry;
  readonly #crashLoop: CrashLoop;
  #tally: Tally = noTally;
  #failure: GafferdError | undefined;

  constructor({ context, name, onDue, onChange }: RestartsOptions) {
    this.#slots = new Slots(onDue);
    this.#retry = new Retry(onDue);
    const onStable = (slot: number) => {
      this.#slots.resetStreak(slot);
      onChange();
    };
    this.#crashLoop = new CrashLoop({ log: context.log, name, onStable, reminderMs: context.reminderMs });
  }

  /** The number of processes that exited and are not restarted. */
  get ended(): number {
    return this.#tally.ended;
  }

  /** Why the last attempt to spawn a process failed; undefined if it succeeded. */
  get failure(): GafferdError | undefined {
    return this.#failure;
  }

  /** The number of slots that wait to be filled. */
  get waitingCount(): number {
    return this.#slots.waitingCount;
  }

  /** True while the whole template waits for a retry: nothing may be spawned. */
  get isHeld(): boolean {
    return this.#retry.atMs !== undefined;
  }

  /** Whether a process may be spawned now if `missing` processes are missing. */
  mayFill(missing: number): boolean {
    return !this.isHeld && missing > this.waitingCount;
  }

  /** What follows if no process may be spawned now and `missing` do not run; undefined if they will exit and be replaced. */
  settled(missing: number): "deferred" | "filled" | undefined {
    const isFull = missing <= this.waitingCount;
    if (this.isHeld || (isFull && this.waitingCount > 0)) return "deferred";
    return isFull ? "filled" : undefined;
  }

  /** Fields of `SupervisorStatus`. */
  get facts(): { exitsInARow: number; nextRetryAtMs: number | undefined; retryReason: RetryReason | undefined } {
    const atMs = Math.min(this.#retry.atMs ?? Infinity, this.#slots.nextAtMs ?? Infinity);
    return {
      exitsInARow: this.#crashLoop.times,
      nextRetryAtMs: atMs === Infinity ? undefined : atMs,
      retryReason: this.#retry.reason,
    };
  }

  /** What is wrong while the template is `running`: a crash loop, or a process that is not restarted. */
  get problem(): string | undefined {
    return this.#crashLoop.reason ?? this.#tally.endReason;
  }

  /** Takes the lowest free slot for a new process. */
  takeSlot(): number {
    return this.#slots.take();
  }

  spawned({ slot, template }: SupervisedProcess): void {
    this.#tally = { ...this.#tally, spawnFailures: 0 };
    this.#failure = undefined;
    this.#crashLoop.spawned(slot, resetAfterMs(template.backoff));
  }

  /** Decides what follows an unexpected exit, and frees its slot or keeps it empty. After another exit, frees its slot. */
  exited(
    template: ProcessTemplate,
    { id, slot, ranMs }: SupervisedProcess,
    { status, exitedAtMs }: ProcessExit,
    { isUnexpected }: { readonly isUnexpected: boolean },
  ): Verdict | undefined {
    if (!isUnexpected) return void this.#slots.free(slot);
    const random = Math.random();
    const { streak, delayMs } = streakAfterExit(template.backoff, this.#slots.streak(slot), { ranMs, random });
    const exit = { id, status, ranMs, exitedAtMs, exitsInARow: streak.exits, delayMs };
    const verdict = decideExit(template, exit, this.#tally);
    this.#slots.setStreak(slot, streak);
    if (verdict.kind === "wait") this.#slots.wait(slot, delayMs);
    else if (verdict.kind === "ended") this.#slots.end(slot);
    else this.#slots.free(slot);
    this.#crashLoop.failed({
      member: slot,
      times: streak.exits,
      who: `${template.name}[${id}]`,
      what: describeExit(status, ranMs),
      next: describeNext(verdict, { nowMs: exitedAtMs, delayMs }),
      isQuiet: !isFailure(status, template.successCodes),
    });
    this.#remember(verdict);
    return verdict;
  }

  /** Decides what follows a process that could not be spawned, and frees its slot. */
  spawnFailed(template: ProcessTemplate, failure: GafferdError, slot: number): Verdict {
    this.#failure = failure;
    this.#slots.free(slot);
    const nowMs = Date.now();
    const verdict = decideSpawnFailure(template, failure, this.#tally, { nowMs, random: Math.random() });
    this.#crashLoop.failed({
      member: "spawn",
      times: verdict.tally.spawnFailures,
      who: `${template.name}:`,
      what: failure.message,
      next: describeNext(verdict, { nowMs, delayMs: 0 }),
      isQuiet: false,
    });
    this.#remember(verdict);
    return verdict;
  }

  /** Frees up to `count` of the slots that wait, the highest first. */
  dropWaits(count: number): void {
    for (const slot of this.#slots.cancelWaits(Math.max(0, count))) this.removed(slot);
  }

  /** The process in the slot is no longer wanted. */
  removed(slot: number): void {
    this.#slots.resetStreak(slot);
    this.#crashLoop.removed(slot);
  }

  /** Frees all slots that wait. */
  cancelWaits(): void {
    this.#slots.cancelWaits();
  }

  /** Stops waiting for the retry of the whole template, if there is one. */
  cancelRetry(): void {
    this.#retry.cancel();
  }

  /** Logs the end of a crash loop, if there is one. */
  endLoop(why: string): void {
    this.#crashLoop.end(why);
  }

  /** Clears all counts and waits, as if no process had exited. Processes keep their slots. */
  reset(): void {
    this.#tally = noTally;
    this.#failure = undefined;
    this.#slots.reset();
    this.#crashLoop.end("it was started manually");
  }

  #remember(verdict: Verdict): void {
    this.#tally = verdict.tally;
    if ("retryAtMs" in verdict) this.#retry.arm(verdict.retryAtMs, verdict.kind);
  }
}
