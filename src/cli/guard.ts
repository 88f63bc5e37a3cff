import { log } from "../log.ts";

/** Keeps the daemon alive when something in it fails unseen: one broken request must not cost anybody's processes. */
export interface Guard {
  /** To be called once when all has started. Returns the first error that strayed until then, undefined when none did. */
  endStart(): unknown;
}

/** Takes over what would end Bun: errors thrown in timers and callbacks, rejections that nobody awaits. */
export function installGuard(): Guard {
  let isStarting = true;
  let firstStray: unknown;
  const takeStray = (error: unknown) => {
    if (isStarting) firstStray ??= error ?? new Error("a promise was rejected without a reason");
    else log.error("an error reached nobody who expected it; gafferd goes on", error);
  };
  process.on("uncaughtException", takeStray);
  process.on("unhandledRejection", takeStray);
  return {
    endStart() {
      isStarting = false;
      return firstStray;
    },
  };
}
