import type { SupervisedProcess } from "./supervised-process.ts";

/** What a rolling restart does to its supervisor. */
export interface RollingSteps {
  isWantedUp(): boolean;
  /** Resolves when as many run as are wanted and `surplus`, or when nothing is being started. */
  refill(surplus: 0 | 1): Promise<void>;
  /** Resolves when nothing is left of the process; its place is then free. */
  stop(process: SupervisedProcess): Promise<void>;
}

/** Replaces processes one at a time; a template that is stopped meanwhile ends it. */
export async function rollingRestart(
  old: readonly SupervisedProcess[],
  { spawnFirst }: { spawnFirst: boolean },
  steps: RollingSteps,
): Promise<void> {
  for (const process of old) {
    if (process.state !== "running" || process.template.detach) continue;
    if (spawnFirst) await steps.refill(1);
    if (!steps.isWantedUp()) return;
    await steps.stop(process);
    await steps.refill(0);
  }
}
