import { log } from "../log.ts";

/** Returns the name of the plugin whose code threw `error`. Undefined if it is unknown. */
export type CulpritOf = (error: unknown) => string | undefined;

/** Keeps the daemon alive after unhandled errors: one broken request must not end the processes that it runs. */
export interface Guard {
  /**
   * Call once when everything has started. Returns the first unhandled error of the start, or undefined. Later errors are
   * logged, with the name that `culpritOf` returns.
   */
  endStart(culpritOf?: CulpritOf): unknown;
}

/** Handles the errors that would end Bun: errors thrown in timers and callbacks, and unhandled rejections. */
export function installGuard(): Guard {
  let isStarting = true;
  let firstError: unknown;
  let findCulprit: CulpritOf | undefined;
  const onUnhandled = (error: unknown) => {
    if (isStarting) firstError ??= error ?? new Error("a promise was rejected without a reason");
    else {
      const culprit = findCulprit?.(error);
      const prefix = culprit === undefined ? "" : `plugin ${culprit}: `;
      log.error(`${prefix}unhandled error; continuing`, error);
    }
  };
  process.on("uncaughtException", onUnhandled);
  process.on("unhandledRejection", onUnhandled);
  return {
    endStart(culpritOf) {
      findCulprit = culpritOf;
      isStarting = false;
      return firstError;
    },
  };
}
