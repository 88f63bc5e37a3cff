import { log } from "../log.ts";

/** The name of the plugin whose code threw this, where that can be told. */
export type CulpritOf = (error: unknown) => string | undefined;

/** Keeps the daemon alive when something in it fails unseen: one broken request must not cost anybody's processes. */
export interface Guard {
  /**
   * To be called once when all has started. Returns the first error that strayed until then, undefined when none did.
   * `culpritOf` names who is to blame for those to come.
   */
  endStart(culpritOf?: CulpritOf): unknown;
}

/** Handles what would end Bun: errors thrown in timers and callbacks, and unhandled rejections. */
export function installGuard(): Guard {
  let isStarting = true;
  let firstStray: unknown;
  let blame: CulpritOf | undefined;
  const takeStray = (error: unknown) => {
    if (isStarting) firstStray ??= error ?? new Error("a promise was rejected without a reason");
    else {
      const culprit = blame?.(error);
      const who = culprit === undefined ? "" : `plugin ${culprit}: `;
      log.error(`${who}unhandled error; continuing`, error);
    }
  };
  process.on("uncaughtException", takeStray);
  process.on("unhandledRejection", takeStray);
  return {
    endStart(culpritOf) {
      blame = culpritOf;
      isStarting = false;
      return firstStray;
    },
  };
}
