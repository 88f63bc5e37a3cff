import { bootId } from "../boot.ts";
import type { HistoryEntry } from "../documents/exit-schemas.ts";
import { reportAddressOf } from "../documents/report-address.ts";
import { toTime, toTimeOrNull } from "../documents/time.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { EndedBy } from "./ended-by.ts";
import { toExitDocument } from "./exit-document.ts";
import type { RecordedExit, ReportRest, RunningRow } from "./exit-rows.ts";
import { readLastOutput } from "./last-output.ts";
import type { Followed } from "./what-followed.ts";

/** What was decided about an exit when it happened. */
export interface ExitFacts {
  readonly supervisor: Supervisor;
  readonly endedBy: EndedBy;
  readonly followed: Followed;
  readonly changed: readonly string[] | undefined;
}

export function toHistoryEntry(process: SupervisedProcess, { endedBy }: ExitFacts): HistoryEntry {
  const { cause, by, message } = endedBy;
  return {
    ...toExitDocument(process),
    state: "exited",
    boot: bootId,
    ended_by: { cause, by: by ?? null, message },
    report: reportAddressOf({ name: process.template.name, pid: process.id }),
  };
}

export function toReportRest(process: SupervisedProcess, { supervisor, followed, changed }: ExitFacts): ReportRest {
  const { step, reason, retryAtMs } = followed;
  return {
    name: process.template.name,
    next: { step, reason, retry_at: toTimeOrNull(retryAtMs) },
    output: readLastOutput(supervisor, process).map(({ label, unixMs, text }) => {
      return { stream: label, time: toTime(unixMs), data: text };
    }),
    left_behind: process.leftBehind.map(({ osPid, name, state }) => ({ os_pid: osPid, name, state })),
    changed_settings: changed === undefined ? null : [...changed],
  };
}

/** The exit of a process that ran when an earlier boot ended. Its status is not known, and must not be made up. */
export function toLostExit({ boot, pid, template, os_pid, slot, started_ms: startedMs }: RunningRow): RecordedExit {
  const message = "gafferd ended before the process did, so how it exited is not known";
  return {
    entry: {
      pid,
      os_pid,
      slot,
      exit_status: null,
      term_signal: null,
      started_at: toTime(startedMs),
      exited_at: null,
      cpu_ms: null,
      max_rss: null,
      survivors: [],
      state: "lost",
      boot,
      ended_by: { cause: "lost", by: null, message },
      report: reportAddressOf({ name: template, pid, boot }),
    },
    rest: {
      name: template,
      next: { step: "unknown", reason: "gafferd had ended", retry_at: null },
      output: [],
      left_behind: [],
      changed_settings: null,
    },
  };
}
