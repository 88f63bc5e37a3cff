const firstDelayMs = 100;
const maxDelayMs = 10_000;

/** How long to wait after a temporary spawn failure: 100 ms, then twice as long each time, up to 10 s. */
export function spawnRetryDelayMs(failuresBefore: number): number {
  return Math.min(maxDelayMs, firstDelayMs * 2 ** failuresBefore);
}

/** Why a whole template is retried later: its processes exited too often, or one could not be spawned. */
export type RetryReason = "flapping" | "deferred";

/** The time at which a template is retried. Owns a timer while it is armed. */
export class Retry {
  readonly #onDue: () => void;
  #timer: NodeJS.Timeout | undefined;
  #armed: { readonly atMs: number; readonly reason: RetryReason } | undefined;

  /** Calls `onDue` at the armed time, and is then no longer armed. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** Unix ms; undefined while it is not armed. */
  get atMs(): number | undefined {
    return this.#armed?.atMs;
  }

  /** Undefined while it is not armed. */
  get reason(): RetryReason | undefined {
    return this.#armed?.reason;
  }

  /** Replaces an earlier time. */
  arm(atMs: number, reason: RetryReason): void {
    this.cancel();
    this.#armed = { atMs, reason };
    this.#timer = setTimeout(() => {
      this.#armed = undefined;
      this.#onDue();
    }, atMs - Date.now());
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#armed = undefined;
  }
}
