import type { SupervisorState } from "./state.ts";

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
  /** Why it does not run, in a sentence; undefined unless `state` is `backoff` or `fatal`. */
  readonly reason: string | undefined;
}
