import type { GafferdError } from "../errors.ts";
import type { ExitStatus } from "../process/exit-status.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { waitAfterExit } from "./backoff.ts";
import { judgeExit } from "./flapping.ts";
import { spawnRetryDelayMs } from "./retry.ts";
import type { Stimulus } from "./state.ts";
import type { Tally } from "./tally.ts";

/** An exit that nobody asked for; times are Unix milliseconds. */
export interface UnaskedExit {
  readonly id: number;
  readonly status: ExitStatus;
  readonly startedAtMs: number;
  readonly exitedAtMs: number;
}

/**
 * What follows an exit, or a process that could not be spawned:
 * - `respawn`: another takes its place at once.
 * - `wait`: its place stays empty for a while; the other processes run on. So with `deferred`, when the system could not
 *   spawn just then.
 * - `flapping`: all processes are stopped for a while.
 * - `ended`: no process takes its place.
 * - `flapped-out`, `unspawnable`: the template is given up.
 */
export type Verdict = {
  /** What is remembered of it. */
  readonly tally: Tally;
} & (
  | { readonly kind: "respawn" }
  | {
      readonly kind: "wait" | "deferred" | "flapping";
      /** Unix milliseconds. */
      readonly retryAtMs: number;
      readonly reason: string;
    }
  | { readonly kind: "ended" | "flapped-out" | "unspawnable"; readonly reason: string }
);

/** What each verdict is for the state table. */
export const stimulusOf: Readonly<Record<Verdict["kind"], Stimulus>> = {
  respawn: "vacated",
  ended: "vacated",
  wait: "deferred",
  deferred: "deferred",
  flapping: "flapped",
  "flapped-out": "gave_up",
  unspawnable: "gave_up",
};

/** Decides by the restart policy first, then by the flapping policy, then by the backoff. `random` is from 0 to 1. */
export function decideExit(template: ProcessTemplate, exit: UnaskedExit, before: Tally, random: number): Verdict {
  const { name, restart, flapping, backoff } = template;
  if (template.detach || !isFollowed(template, exit.status)) {
    const policy = template.detach ? "what is detached is not replaced" : `with \`restart = ${restart}\` none follows`;
    const reason = `${describeExit(template, exit)}; ${policy}`;
    return { kind: "ended", tally: { ...before, ended: before.ended + 1, endReason: reason }, reason };
  }
  const flap = judgeExit(flapping, before.flapping, exit.exitedAtMs);
  if (flap.kind !== "respawn") {
    const times = flapping?.attempts === 1 ? "once" : `${flapping?.attempts} times`;
    const exits = `\`${name}\` exited ${times} within ${(flapping?.windowMs ?? 0) / 1000} s`;
    if (flap.kind === "give-up") {
      return { kind: "flapped-out", tally: before, reason: `${exits} and was given up; start it to try again` };
    }
    const tally = { ...before, flapping: flap.record };
    return { kind: "flapping", tally, retryAtMs: flap.retryAtMs, reason: `${exits}; it waits for its next try` };
  }
  const tally = { ...before, flapping: flap.record };
  if (backoff === undefined) return { kind: "respawn", tally };
  const ranMs = exit.exitedAtMs - exit.startedAtMs;
  const wait = waitAfterExit(backoff, before.backoff, { nowMs: exit.exitedAtMs, ranMs, random });
  const reason = `${describeExit(template, exit)} after ${ranMs / 1000} s; its place is filled after a wait`;
  return { kind: "wait", tally: { ...tally, backoff: wait }, retryAtMs: wait.untilMs, reason };
}

/** What may pass is tried again, after longer each time; what cannot be spawned at all is not. */
export function decideSpawnFailure({ message, details }: GafferdError, before: Tally, nowMs: number): Verdict {
  if (details?.["transient"] !== true) return { kind: "unspawnable", tally: before, reason: message };
  const retryAtMs = nowMs + spawnRetryDelayMs(before.spawnFailures);
  const tally = { ...before, spawnFailures: before.spawnFailures + 1 };
  return { kind: "deferred", tally, retryAtMs, reason: message };
}

function describeExit({ name }: ProcessTemplate, { id, status }: UnaskedExit): string {
  return `\`${name}\`[${id}] ended with ${"signal" in status ? status.signal : `status ${status.exitCode}`}`;
}

function isFollowed({ restart, successCodes }: ProcessTemplate, status: ExitStatus): boolean {
  if (restart === "on-failure") return !("exitCode" in status && successCodes.includes(status.exitCode));
  return restart === "always";
}
