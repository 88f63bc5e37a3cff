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

/**
 * Reads the status and the processes of a template. The result makes the document of that moment, which takes most of the
 * time: settings, status and processes, everything that one row of a dashboard shows.
 */
export function readDetail(supervisor: Supervisor, source: TemplateSource): () => DetailDocument {
  const { template } = supervisor;
  const status = supervisor.status();
  const last = supervisor.exits.at(-1);
  const lastExit = last === undefined ? null : toExitDocument(last);
  const runs = supervisor.processes.map(readRun);
  return () => ({
    ...toDocument(template),
    source,
    status: toStatusDocument(status),
    processes: runs.map((run) => ({ ...toRunDocument(run), restarts: status.restarts, last_exit: lastExit })),
    last_exit: lastExit,
  });
}

type Run = Pick<SupervisedProcess, "id" | "osPid" | "slot" | "port" | "state" | "startedAtMs">;

function readRun({ id, osPid, slot, port, state, startedAtMs }: SupervisedProcess): Run {
  return { id, osPid, slot, port, state, startedAtMs };
}

function toRunDocument({ id, osPid, slot, port, state, startedAtMs }: Run) {
  return { pid: id, os_pid: osPid, slot, port: port ?? null, state, started_at: toTime(startedAtMs) };
}
