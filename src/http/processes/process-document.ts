import type { SupervisedProcess, Supervisor, SupervisorStatus } from "../../manager/views.ts";
import type { TemplateSource } from "../../manager/template-source.ts";
import { toExitDocument } from "../../history/exit-document.ts";
import { toDocument } from "../../template/document.ts";
import type { DetailDocument, ProcessDocument, StatusDocument } from "../../documents/document-schemas.ts";
import { toTime, toTimeOrNull } from "../../documents/time.ts";

/** The settings of the template with the properties of the process; `port` is the port of the process. */
export function toProcessDocument(
  supervisor: Supervisor,
  process: SupervisedProcess,
  source: TemplateSource,
): ProcessDocument {
  return { ...toDocument(supervisor.template), source, ...toRunDocument(process) };
}

export function toStatusDocument(status: SupervisorStatus): StatusDocument {
  return {
    active: status.active,
    running: status.running,
    numprocesses: status.numprocesses,
    // The name in gaffer.
    max_processes: status.numprocesses,
    flapping: status.flapping,
    stopped: status.stopped,
    next_retry_at: toTimeOrNull(status.nextRetryAtMs),
    state: status.state,
    reason: status.reason ?? null,
    exits_in_a_row: status.exitsInARow,
    restarts: status.restarts,
  };
}

/** Settings, status and processes of a template: everything that one row of a dashboard shows. */
export function toDetailDocument(supervisor: Supervisor, source: TemplateSource): DetailDocument {
  const { restarts } = supervisor.status();
  const last = supervisor.exits.at(-1);
  const lastExit = last === undefined ? null : toExitDocument(last);
  return {
    ...toDocument(supervisor.template),
    source,
    status: toStatusDocument(supervisor.status()),
    processes: supervisor.processes.map((process) => ({
      ...toRunDocument(process),
      restarts,
      last_exit: lastExit,
    })),
    last_exit: lastExit,
  };
}

function toRunDocument({ id, osPid, slot, port, state, startedAtMs }: SupervisedProcess) {
  return { pid: id, os_pid: osPid, slot, port: port ?? null, state, started_at: toTime(startedAtMs) };
}
