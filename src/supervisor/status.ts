import type { RetryReason } from "./retry.ts";
import { isWantedUp, type SupervisorState } from "./state.ts";

/** What can be said of a template at a glance. */
export interface SupervisorStatus {
  readonly state: SupervisorState;
  /** It is wanted to run, and neither given up nor ended for good. */
  readonly active: boolean;
  readonly running: number;
  /** How many are wanted while it is active. */
  readonly numprocesses: number;
  /** How many are wanted now: none of a stopped template, and none in place of those that ended for good. */
  readonly wanted: number;
  readonly flapping: boolean;
  readonly stopped: boolean;
  /** How many processes took the place of one that ended unasked. */
  readonly restarts: number;
  /** While it is in a crash loop: how often in a row a process exited, or could not be spawned; else 0. */
  readonly exitsInARow: number;
  /** When it is tried again (Unix ms); undefined unless `state` is `backoff`. */
  readonly nextRetryAtMs: number | undefined;
  /**
   * Why it does not run, or not with all its processes, in a sentence, and in a crash loop how the last process ended.
   * Undefined when all is well, or is about to be.
   */
  readonly reason: string | undefined;
}

/** What a supervisor knows, beside its state. */
export interface StatusFacts {
  readonly running: number;
  readonly numprocesses: number;
  /** How many processes may run, were the template wanted; below 0 when more have ended for good than are wanted. */
  readonly placesLeft: number;
  readonly restarts: number;
  readonly exitsInARow: number;
  readonly nextRetryAtMs: number | undefined;
  readonly retryReason: RetryReason | undefined;
  /** Why it did not run when it last did not, or why a process of it that ended is not followed by another. */
  readonly reason: string | undefined;
}

/** Gives the same object as long as it says the same. */
export class Statuses {
  #last: SupervisorStatus | undefined;

  next(state: SupervisorState, facts: StatusFacts): SupervisorStatus {
    const status = toStatus(state, facts);
    return (this.#last = isSame(status, this.#last) ? this.#last : status);
  }
}

function toStatus(state: SupervisorState, facts: StatusFacts): SupervisorStatus {
  const { running, numprocesses, placesLeft, restarts, exitsInARow, nextRetryAtMs, retryReason, reason } = facts;
  return {
    state,
    active: isWantedUp(state) && state !== "fatal" && state !== "exited",
    running,
    numprocesses,
    wanted: isWantedUp(state) ? Math.max(0, placesLeft) : 0,
    flapping: retryReason === "flapping",
    stopped: !isWantedUp(state),
    restarts,
    exitsInARow,
    nextRetryAtMs,
    reason: isSettled(state) ? reason : undefined,
  };
}

/** Nothing is on its way: it stays as it is until somebody acts, or the time for the next try comes. */
function isSettled(state: SupervisorState): boolean {
  return state !== "starting" && state !== "stopping";
}

function isSame(a: SupervisorStatus, b: SupervisorStatus | undefined): b is SupervisorStatus {
  return (
    a.state === b?.state &&
    a.running === b.running &&
    a.numprocesses === b.numprocesses &&
    a.wanted === b.wanted &&
    a.flapping === b.flapping &&
    a.restarts === b.restarts &&
    a.exitsInARow === b.exitsInARow &&
    a.nextRetryAtMs === b.nextRetryAtMs &&
    a.reason === b.reason
  );
}
