import type { nextSteps } from "../documents/exit-schemas.ts";
import type { SupervisorStatus } from "../supervisor/status.ts";
import type { StopReason } from "../supervisor/supervised-process.ts";
import type { Verdict } from "../supervisor/verdict.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** What gafferd did after an exit, and why; the schema of the report describes each step. */
export interface Followed {
  readonly step: (typeof nextSteps)[number];
  readonly reason: string;
  /** Unix milliseconds. */
  readonly retryAtMs: number | undefined;
}

export interface ExitDecision {
  /** Undefined if gafferd had asked for the exit, or the template was stopped. */
  readonly verdict: Verdict | undefined;
  readonly stopReason: StopReason | undefined;
  readonly template: Pick<ProcessTemplate, "restart">;
  readonly status: Pick<SupervisorStatus, "active" | "state" | "reason" | "nextRetryAtMs">;
}

export function describeFollowed({ verdict, stopReason, template, status }: ExitDecision): Followed {
  const retryAtMs = status.nextRetryAtMs;
  if (verdict === undefined) return afterRequest(stopReason, status);
  switch (verdict.kind) {
    case "respawn":
      return { step: "restarted", reason: `\`restart = ${template.restart}\``, retryAtMs: undefined };
    case "wait":
      return { step: "waiting", reason: "`backoff` delays the restart", retryAtMs };
    case "deferred":
    case "flapping":
      return { step: "waiting", reason: verdict.reason, retryAtMs: verdict.retryAtMs };
    case "ended":
      return { step: "not_restarted", reason: verdict.reason, retryAtMs: undefined };
    case "flapped-out":
    case "unspawnable":
      return { step: "given_up", reason: verdict.reason, retryAtMs: undefined };
  }
}

function afterRequest(stopReason: StopReason | undefined, status: ExitDecision["status"]): Followed {
  const { active, state, reason = "its template exited too often", nextRetryAtMs: retryAtMs } = status;
  if (state === "fatal") return { step: "given_up", reason, retryAtMs: undefined };
  if (stopReason === "flapping" && state === "backoff") return { step: "waiting", reason, retryAtMs };
  if (stopReason === "reap") {
    return { step: "not_restarted", reason: "fewer processes are wanted", retryAtMs: undefined };
  }
  if (!active) return { step: "not_restarted", reason: "its template is stopped", retryAtMs: undefined };
  return { step: "restarted", reason: "its template still wants as many processes", retryAtMs: undefined };
}
