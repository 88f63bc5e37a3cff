import type { ExitDocument } from "../documents/exit-schemas.ts";
import { toExitStatusDocument } from "../documents/exit-status-document.ts";
import { toTime, toTimeOrNull } from "../documents/time.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";

/** The exit of a process; unknown values are `null`. */
export function toExitDocument(process: SupervisedProcess): ExitDocument {
  const { id, osPid, slot, startedAtMs, exit } = process;
  return {
    pid: id,
    os_pid: osPid,
    slot,
    ...toExitStatusDocument(exit?.status),
    started_at: toTime(startedAtMs),
    exited_at: toTimeOrNull(exit?.exitedAtMs),
    cpu_ms: exit?.cpuMs ?? null,
    max_rss: exit?.maxRssBytes ?? null,
    survivors: process.survivors.map(({ osPid: survivor, name, state }) => ({ os_pid: survivor, name, state })),
  };
}
