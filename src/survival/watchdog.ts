import { cc } from "bun:ffi";
import { join } from "node:path";
import type { Logger } from "../log.ts";

export interface WatchdogOptions {
  /** How long the event loop may be blocked, in ms. */
  readonly timeoutMs: number;
  /** What happens then, besides a line in the log. `restart` kills gafferd; its guardian starts it again. */
  readonly onHang: "log" | "restart";
  /** The descriptor of the pipe to the guardian; -1 if there is none. */
  readonly lifeline: () => number;
  readonly log: Logger;
}

const compile = () =>
  cc({
    source: join(import.meta.dir, "watchdog.c"),
    symbols: {
      start_watch: { args: ["i32", "i32"], returns: "i32" },
      beat: { args: ["i32"], returns: "i32" },
    },
  });
/** Kept until the end: a thread runs this code. */
let compiled: ReturnType<typeof compile> | undefined;

/** How many beats there are in `timeoutMs`. The thread looks half as often. */
const beatsPerTimeout = 12;

/**
 * Starts a thread that logs it if the event loop is blocked for `timeoutMs`. JavaScript's stack cannot be read from another
 * thread in Bun 1.4.5, so the line has what the kernel knows of the main thread. Call it once, after gafferd listens: it
 * takes some milliseconds. Linux only.
 */
export function startWatchdog({ timeoutMs, onHang, lifeline, log }: WatchdogOptions): void {
  if (process.platform !== "linux" || compiled !== undefined) return;
  try {
    compiled = compile();
    const { start_watch: startWatch, beat } = compiled.symbols;
    beat(lifeline());
    const failed = startWatch(timeoutMs, onHang === "restart" ? 1 : 0);
    if (failed !== 0) throw new Error(`cannot start a thread (errno ${failed})`);
    const onBeat = () => {
      if (beat(lifeline()) === 1) log.warn("the event loop runs again");
    };
    setInterval(onBeat, timeoutMs / beatsPerTimeout).unref();
  } catch (error) {
    // Bun has no C compiler, the system forbids generated code, or the limit of processes is reached.
    log.warn(`cannot watch the event loop: ${String(error)}; a gafferd that hangs is not noticed`);
  }
}
