import type { RetryReason } from "./retry.ts";
import { isWantedUp, type SupervisorState } from "./state.ts";

/** A summary of the state of a template. */
export interface SupervisorStatus {
  readonly state: SupervisorState;
  /** True if the template is wanted to run and its state is neither `fatal` nor `exited`. */
  readonly active: boolean;
  readonly running: number;
  /** The number of processes that the template should have while it is active. */
  readonly numprocesses: number;
  /** The number of processes wanted now: 0 if stopped, and without those that exited and are not restarted. */
  readonly wanted: number;
  readonly flapping: boolean;
  readonly stopped: boolean;
  /** Processes that replaced one which exited without being asked to. */
  readonly restarts: number;
  /** In a crash loop, the consecutive exits or failed spawns; otherwise 0. */
  readonly exitsInARow: number;
  /** The time of the next retry (Unix ms); undefined unless `state` is `backoff`. */
  readonly nextRetryAtMs: number | undefined;
  /**
   * Why the template, or some of its processes, does not run; in a crash loop, how the last process exited. Undefined if
   * all wanted processes run, or are being started or stopped.
   */
  readonly reason: string | undefined;
}

/** What the status depends on, in addition to the state. */
export interface StatusFacts {
  readonly running: number;
  readonly numprocesses: number;
  /** The number of processes wanted if the template is up; below 0 if more than that exited and are not restarted. */
  readonly placesLeft: number;
  readonly restarts: number;
  readonly exitsInARow: number;
  readonly nextRetryAtMs: number | undefined;
  readonly retryReason: RetryReason | undefined;
  /** Why the template last did not run, or why one of its processes is not restarted. */
  readonly reason: string | undefined;
}

/** Returns the same object until its content changes. */
export class StatusCache {
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

/** Whether the state stays as it is until a request, an exit or the next retry. */
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
