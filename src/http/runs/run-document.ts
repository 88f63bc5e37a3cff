import { toExitStatusDocument } from "../../documents/exit-status-document.ts";
import type { ListedRunDocument, RunDocument } from "../../documents/run-schemas.ts";
import { toTimeOrNull } from "../../documents/time.ts";
import type { Run } from "../../runs/run.ts";
import { toForgottenOutputs, toRunOutputs } from "./run-output.ts";

/** A run without its output. */
export function toListedRunDocument(run: Run): ListedRunDocument {
  const { id, state, facts, hosted } = run;
  const exit = state === "exited" ? facts.exit : undefined;
  return {
    id,
    pid: hosted?.process.id ?? null,
    os_pid: facts.osPid ?? null,
    state,
    ...toExitStatusDocument(exit?.status),
    ended_by: exit?.endedBy ?? null,
    reason: facts.lostReason ?? null,
    started_at: toTimeOrNull(facts.startedAtMs),
    exited_at: toTimeOrNull(exit?.exitedAtMs),
    cpu_ms: exit?.cpuMs ?? null,
    max_rss: exit?.maxRssBytes ?? null,
  };
}

/** A run with head and tail of its outputs: at most `maxBytes` of each. */
export function toRunDocument(
  run: Run,
  { existing, maxBytes }: { readonly existing: boolean; readonly maxBytes: number },
): RunDocument {
  const { hosted, facts } = run;
  const output = hosted === undefined ? toForgottenOutputs(facts.outputBytes ?? {}) : toRunOutputs(hosted, maxBytes);
  return { ok: true, ...toListedRunDocument(run), output, existing };
}
