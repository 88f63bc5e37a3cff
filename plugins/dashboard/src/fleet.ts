import type { DetailDocument, EventDocument, StatusDocument } from "gafferd/client";

export type State = StatusDocument["state"];
export type ProcessRow = DetailDocument["processes"][number];

/** What an event leaves unknown: how the template stands now, or all about it. */
export type Unknown = "status" | "settings" | undefined;

/** All templates as the daemon last told of them. A template that changes is another object. */
export class Fleet {
  #templates = new Map<string, DetailDocument>();

  /** In the order of creation. */
  get templates(): DetailDocument[] {
    return [...this.#templates.values()];
  }

  get(name: string): DetailDocument | undefined {
    return this.#templates.get(name);
  }

  /** Takes the daemon's whole answer for what is so. */
  reset(details: readonly DetailDocument[]): void {
    this.#templates = new Map(details.map((detail) => [detail.name, detail]));
  }

  setStatus(name: string, status: StatusDocument): void {
    const template = this.#templates.get(name);
    if (template !== undefined) this.#templates.set(name, { ...template, status });
  }

  /** An event that is told twice, or is older than what `reset` brought, does no harm as long as all later ones follow. */
  apply(event: EventDocument): Unknown {
    const template = this.#templates.get(event.name);
    if (event.event === "delete") return void this.#templates.delete(event.name);
    if (template === undefined || event.event === "create" || event.event === "update") return "settings";
    const processes = nextProcesses(template, event);
    if (processes !== template.processes) this.#templates.set(event.name, { ...template, processes });
    return "status";
  }
}

function nextProcesses(
  { processes, port }: DetailDocument,
  { event, pid, os_pid, slot = 0, time }: EventDocument,
): ProcessRow[] {
  if (pid === undefined || os_pid === undefined) return processes;
  switch (event) {
    case "spawn": {
      if (processes.some((each) => each.pid === pid)) return processes;
      const place = { slot, port: port === null ? null : port + slot };
      const history = { restarts: 0, last_exit: null };
      return [...processes, { pid, os_pid, ...place, state: "running", started_at: time, ...history }];
    }
    case "exit":
      return processes.filter((each) => each.pid !== pid);
    case "reap":
    case "stop_pid":
      return processes.map((each) => (each.pid === pid ? { ...each, state: "stopping" } : each));
    default:
      return processes;
  }
}
