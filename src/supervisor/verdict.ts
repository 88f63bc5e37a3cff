import type { GafferdError } from "../errors.ts";
import type { ExitStatus } from "../process/exit-status.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { delayAfter } from "./backoff.ts";
import { describeExit, describeStreak, formatSpan } from "./describe-exit.ts";
import { judgeExit } from "./flapping.ts";
import { spawnRetryDelayMs } from "./retry.ts";
import type { Stimulus } from "./state.ts";
import type { Tally } from "./tally.ts";

/** An exit that gafferd did not ask for. */
export interface UnexpectedExit {
  readonly id: number;
  readonly status: ExitStatus;
  readonly ranMs: number;
  /** Unix milliseconds. */
  readonly exitedAtMs: number;
  /** The consecutive exits of the slot, including this one. */
  readonly exitsInARow: number;
  /** How long the backoff keeps the slot empty; 0 if it does not. */
  readonly delayMs: number;
}

/**
 * What follows an exit, or a process that could not be spawned:
 * - `respawn`: the process is replaced immediately.
 * - `wait`: its slot stays empty for some time. The other processes keep running.
 * - `deferred`: a process could not be spawned, and is retried later. The other processes keep running.
 * - `flapping`: all processes are stopped, and started again later.
 * - `ended`: the process is not replaced.
 * - `flapped-out`, `unspawnable`: the template is given up.
 */
export type Verdict = {
  /** The new counts. */
  readonly tally: Tally;
  /** What happened to the process, or to the template if it is given up. */
  readonly reason: string;
} & (
  | { readonly kind: "respawn" | "wait" }
  | {
      readonly kind: "deferred" | "flapping";
      /** Unix milliseconds. */
      readonly retryAtMs: number;
    }
  | { readonly kind: "ended" | "flapped-out" | "unspawnable" }
);

/** The stimulus of each verdict for the state table. */
export const stimulusOf: Readonly<Record<Verdict["kind"], Stimulus>> = {
  respawn: "vacated",
  ended: "vacated",
  wait: "vacated",
  deferred: "deferred",
  flapping: "flapped",
  "flapped-out": "gave_up",
  unspawnable: "gave_up",
};

/** Decides by the restart policy first, then by the flapping policy, then by the delay of the backoff. */
export function decideExit(template: ProcessTemplate, exit: UnexpectedExit, before: Tally): Verdict {
  const { name, restart, flapping } = template;
  const what = describeExit(exit.status, exit.ranMs);
  if (template.detach || !isRestarted(template, exit.status)) {
    const policy = template.detach ? "detached processes are not restarted" : `\`restart = ${restart}\``;
    const reason = `process ${exit.id} ${what} and is not restarted (${policy})`;
    return { kind: "ended", tally: { ...before, ended: before.ended + 1, endReason: reason }, reason };
  }
  const flap = judgeExit(flapping, before.flapping, exit.exitedAtMs);
  if (flap.kind !== "respawn") {
    const times = flapping?.attempts === 1 ? "once" : `${flapping?.attempts} times`;
    const exits = `\`${name}\` exited ${times} within ${formatSpan(flapping?.windowMs ?? 0)}`;
    if (flap.kind === "give-up") {
      return { kind: "flapped-out", tally: before, reason: `${exits} and was given up; start it to try again` };
    }
    const tally = { ...before, flapping: flap.record };
    return { kind: "flapping", tally, retryAtMs: flap.retryAtMs, reason: `${exits}; waiting to retry` };
  }
  const kind = exit.delayMs > 0 ? "wait" : "respawn";
  return { kind, tally: { ...before, flapping: flap.record }, reason: `${what}${describeStreak(exit.exitsInARow)}` };
}

/**
 * A temporary failure is always retried, with growing delays. With a backoff, every other failure is retried too, since a
 * program can be missing during a deploy. Without a backoff, or if its exits are not followed by a restart, the template is
 * given up. `random` is from 0 to 1.
 */
export function decideSpawnFailure(
  template: ProcessTemplate,
  { message, details }: GafferdError,
  before: Tally,
  { nowMs, random }: { readonly nowMs: number; readonly random: number },
): Verdict {
  const { spawnFailures } = before;
  const { backoff, restart, detach } = template;
  const tally = { ...before, spawnFailures: spawnFailures + 1 };
  const reason = `${message}${describeStreak(tally.spawnFailures)}`;
  if (details?.["transient"] === true) {
    return { kind: "deferred", tally, retryAtMs: nowMs + spawnRetryDelayMs(spawnFailures), reason };
  }
  if (backoff === undefined || restart === "never" || detach) return { kind: "unspawnable", tally, reason };
  return { kind: "deferred", tally, retryAtMs: nowMs + delayAfter(backoff, spawnFailures, random), reason };
}

/** What follows, for the log: `restarting in 0.4 s`. */
export function describeNext(
  verdict: Verdict,
  { nowMs, delayMs }: { readonly nowMs: number; readonly delayMs: number },
): string {
  switch (verdict.kind) {
    case "respawn":
      return "restarting now";
    case "wait":
      return `restarting in ${formatSpan(delayMs)}`;
    case "deferred":
      return `retrying in ${formatSpan(verdict.retryAtMs - nowMs)}`;
    case "flapping":
      return `flapping; retrying in ${formatSpan(verdict.retryAtMs - nowMs)}`;
    case "ended":
      return "not restarted";
    case "flapped-out":
    case "unspawnable":
      return "given up; start it to try again";
  }
}

/** The time of the retry of the whole template, if there is one. */
export function retryOf(verdict: Verdict): { readonly retryAtMs?: number } {
  return "retryAtMs" in verdict ? { retryAtMs: verdict.retryAtMs } : {};
}

function isRestarted({ restart, successCodes }: ProcessTemplate, status: ExitStatus): boolean {
  if (restart === "on-failure") return isFailure(status, successCodes);
  return restart === "always";
}

/** Whether a signal ended the process, or its exit code is not in `success_codes`. */
export function isFailure(status: ExitStatus, successCodes: readonly number[]): boolean {
  return !("exitCode" in status && successCodes.includes(status.exitCode));
}
