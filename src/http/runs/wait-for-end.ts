import type { Run } from "../../runs/run.ts";

/** Resolves when the run has ended, after `waitMs` (`Infinity` for no limit), or when `signal` is aborted. */
export async function waitForEnd(run: Run, waitMs: number, signal: AbortSignal): Promise<void> {
  if (run.isOver || waitMs === 0 || signal.aborted) return;
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const leave = () => resolve();
  const timer = waitMs === Infinity ? undefined : setTimeout(leave, waitMs);
  signal.addEventListener("abort", leave);
  await Promise.race([run.ended, enough]);
  clearTimeout(timer);
  signal.removeEventListener("abort", leave);
}
