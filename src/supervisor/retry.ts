const firstDelayMs = 100;
const maxDelayMs = 10_000;

/** How long to wait after the system could not spawn just then: 100 ms, then twice as long each time, up to 10 s. */
export function spawnRetryDelayMs(failuresBefore: number): number {
  return Math.min(maxDelayMs, firstDelayMs * 2 ** failuresBefore);
}

/** The one time at which a template is tried again. Owns a timer while it is armed. */
export class Retry {
  #timer: NodeJS.Timeout | undefined;
  #atMs: number | undefined;

  /** Unix ms; undefined while it is not armed. */
  get atMs(): number | undefined {
    return this.#atMs;
  }

  /** Replaces what was armed before. */
  arm(atMs: number, callback: () => void): void {
    this.cancel();
    this.#atMs = atMs;
    this.#timer = setTimeout(() => {
      this.#atMs = undefined;
      callback();
    }, atMs - Date.now());
  }

  cancel(): void {
    clearTimeout(this.#timer);
    this.#atMs = undefined;
  }
}
