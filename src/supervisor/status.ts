import type { Retry } from "./retry.ts";
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
  /** When it is tried again (Unix ms); undefined unless `state` is `backoff`. */
  readonly nextRetryAtMs: number | undefined;
  /** Why it does not run, or not with all its processes, in a sentence; undefined when it does, or is about to. */
  readonly reason: string | undefined;
}

/** What a supervisor knows, beside its state. */
export interface StatusFacts {
  readonly running: number;
  readonly numprocesses: number;
  /** How many processes may run, were the template wanted; below 0 when more have ended for good than are wanted. */
  readonly placesLeft: number;
  readonly restarts: number;
  readonly retry: Pick<Retry, "atMs" | "reason">;
  /** Why it did not run when it last did not, or why a process of it that ended is not followed by another. */
  readonly reason: string | undefined;
}

export function toStatus(state: SupervisorState, facts: StatusFacts): SupervisorStatus {
  const { running, numprocesses, placesLeft, restarts, retry, reason } = facts;
  return {
    state,
    active: isWantedUp(state) && state !== "fatal" && state !== "exited",
    running,
    numprocesses,
    wanted: isWantedUp(state) ? Math.max(0, placesLeft) : 0,
    flapping: retry.reason === "flapping",
    stopped: !isWantedUp(state),
    restarts,
    nextRetryAtMs: retry.atMs,
    reason: isSettled(state) ? reason : undefined,
  };
}

/** Nothing is on its way: it stays as it is until somebody acts, or the time for the next try comes. */
function isSettled(state: SupervisorState): boolean {
  return state !== "starting" && state !== "stopping";
}
