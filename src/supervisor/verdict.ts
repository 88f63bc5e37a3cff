import type { ExitStatus } from "../process/exit-status.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { type FlappingRecord, type FlappingVerdict, judgeExit } from "./flapping.ts";

/** What follows an exit that nobody asked for. `ended`: nothing. */
export type ExitVerdict = { readonly kind: "ended" } | FlappingVerdict;

/** Decides by the restart policy first, then by the flapping policy. */
export function decideExit(
  template: ProcessTemplate,
  exit: { readonly status: ExitStatus; readonly exitedAtMs: number },
  before: FlappingRecord,
): ExitVerdict {
  if (template.detach || !isFollowed(template, exit.status)) return { kind: "ended" };
  return judgeExit(template.flapping, before, exit.exitedAtMs);
}

/** Why a flapping template does not run, in a sentence. */
export function explainFlapping({ name, flapping }: ProcessTemplate, { kind }: { kind: "retry" | "give-up" }): string {
  const seconds = (flapping?.windowMs ?? 0) / 1000;
  const exits = `\`${name}\` exited ${flapping?.attempts} times within ${seconds} s`;
  return kind === "retry" ? `${exits}; it waits for its next try` : `${exits} and was given up; start it to try again`;
}

function isFollowed({ restart }: ProcessTemplate, status: ExitStatus): boolean {
  if (restart === "on-failure") return !("exitCode" in status && status.exitCode === 0);
  return restart === "always";
}
