import type { GafferdError } from "../errors.ts";
import type { ProcessExit } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { resetAfterMs, rowAfterExit } from "./backoff.ts";
import type { SupervisorContext } from "./context.ts";
import { CrashLoop } from "./crash-loop.ts";
import { describeExit } from "./exit-words.ts";
import { Retry, type RetryReason } from "./retry.ts";
import { Slots } from "./slots.ts";
import type { SupervisedProcess } from "./supervised-process.ts";
import { noTally, type Tally } from "./tally.ts";
import { decideExit, decideSpawnFailure, describeNext, isFailure, type Verdict } from "./verdict.ts";

export interface RestartsOptions {
  readonly context: Pick<SupervisorContext, "log" | "remindMs">;
  /** Of the template. */
  readonly name: string;
  /** Called when more may be spawned than before. */
  readonly onDue: () => void;
  /** Called when a crash loop has changed by itself. */
  readonly onChange: () => void;
}

/**
 * When the processes of a template are replaced: decides what follows an exit or a failed spawn, logs it, and remembers
 * which slots are taken or wait, until when all of it waits, and what was counted.
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
    const onSteady = (slot: number) => {
      this.#slots.forgetRow(slot);
      onChange();
    };
    this.#crashLoop = new CrashLoop({ log: context.log, name, onSteady, remindMs: context.remindMs });
  }

  /** How many processes ended for good. */
  get ended(): number {
    return this.#tally.ended;
  }

  /** Why no process could be spawned when that was last tried; undefined when it could. */
  get failure(): GafferdError | undefined {
    return this.#failure;
  }

  /** How many slots wait to be filled. */
  get waitingCount(): number {
    return this.#slots.waitingCount;
  }

  /** Nothing is to be spawned for now. */
  get isHeld(): boolean {
    return this.#retry.atMs !== undefined;
  }

  /** Whether more may be spawned now when so many are missing. */
  mayFill(missing: number): boolean {
    return !this.isHeld && missing > this.waitingCount;
  }

  /** As `SupervisorStatus` has them. */
  get facts(): { exitsInARow: number; nextRetryAtMs: number | undefined; retryReason: RetryReason | undefined } {
    const atMs = Math.min(this.#retry.atMs ?? Infinity, this.#slots.nextAtMs ?? Infinity);
    return {
      exitsInARow: this.#crashLoop.times,
      nextRetryAtMs: atMs === Infinity ? undefined : atMs,
      retryReason: this.#retry.reason,
    };
  }

  /** What is wrong though all run: they keep exiting, or one ended for good. */
  get complaint(): string | undefined {
    return this.#crashLoop.reason ?? this.#tally.endReason;
  }

  /** The lowest slot that is free, for a process to be spawned. */
  takeSlot(): number {
    return this.#slots.take();
  }

  freeSlot(slot: number): void {
    this.#slots.free(slot);
  }

  spawned({ slot, template }: SupervisedProcess): void {
    this.#tally = { ...this.#tally, spawnFailures: 0 };
    this.#failure = undefined;
    this.#crashLoop.spawned(slot, resetAfterMs(template.backoff));
  }

  /** Decides what follows an exit that nobody asked for, and does so with its slot. */
  exited(template: ProcessTemplate, process: SupervisedProcess, { status, exitedAtMs }: ProcessExit): Verdict {
    const { id, slot, ranMs } = process;
    const random = Math.random();
    const { row, delayMs } = rowAfterExit(template.backoff, this.#slots.row(slot), { ranMs, random });
    const exit = { id, status, ranMs, exitedAtMs, exitsInARow: row.exits, delayMs };
    const verdict = decideExit(template, exit, this.#tally);
    this.#slots.setRow(slot, row);
    if (verdict.kind === "wait") this.#slots.wait(slot, delayMs);
    else if (verdict.kind === "ended") this.#slots.end(slot);
    else this.#slots.free(slot);
    this.#crashLoop.failed({
      place: slot,
      times: row.exits,
      who: `${template.name}[${id}]`,
      what: describeExit(status, ranMs),
      next: describeNext(verdict, { nowMs: exitedAtMs, delayMs }),
      isQuiet: !isFailure(status, template.successCodes),
    });
    this.#remember(verdict);
    return verdict;
  }

  /** Decides what follows a process that could not be spawned in the slot, and frees it. */
  spawnFailed(template: ProcessTemplate, failure: GafferdError, slot: number): Verdict {
    this.#failure = failure;
    this.#slots.free(slot);
    const nowMs = Date.now();
    const verdict = decideSpawnFailure(template, failure, this.#tally, { nowMs, random: Math.random() });
    this.#crashLoop.failed({
      place: "spawn",
      times: verdict.tally.spawnFailures,
      who: `${template.name}:`,
      what: failure.message,
      next: describeNext(verdict, { nowMs, delayMs: 0 }),
      isQuiet: false,
    });
    this.#remember(verdict);
    return verdict;
  }

  /** Frees up to so many slots that wait, the highest first. */
  dropWaits(count: number): void {
    for (const slot of this.#slots.cancelWaits(Math.max(0, count))) this.dropped(slot);
  }

  /** The process of the slot is not wanted any more. */
  dropped(slot: number): void {
    this.#slots.forgetRow(slot);
    this.#crashLoop.dropped(slot);
  }

  /** Slots that wait stay empty. */
  cancelWaits(): void {
    this.#slots.cancelWaits();
  }

  /** Ends the wait of all of the template, if there is one. */
  cancelRetry(): void {
    this.#retry.cancel();
  }

  /** Logs the end of a crash loop, if there is one. */
  endLoop(why: string): void {
    this.#crashLoop.end(why);
  }

  /** Begins as if nothing had ever exited: only processes keep their slots. */
  forget(): void {
    this.#tally = noTally;
    this.#failure = undefined;
    this.#slots.reset();
    this.#crashLoop.end("it was started by request");
  }

  #remember(verdict: Verdict): void {
    this.#tally = verdict.tally;
    if ("retryAtMs" in verdict) this.#retry.arm(verdict.retryAtMs, verdict.kind);
  }
}
