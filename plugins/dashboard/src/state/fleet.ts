import type { DetailDocument, EventDocument, StatusDocument } from "gafferd/client";

export type State = StatusDocument["state"];
export type ProcessRow = DetailDocument["processes"][number];

/** What must be requested after an event: the status of the template, or everything about it. */
export type Stale = "status" | "settings" | undefined;

/** Runs have such names in events. They are no templates. */
const runPrefix = "run~";

/** All templates, as last reported by the daemon. A changed template is a new object. */
export class Fleet {
  #templates = new Map<string, DetailDocument>();

  /** In the order of creation. */
  get templates(): DetailDocument[] {
    return [...this.#templates.values()];
  }

  get(name: string): DetailDocument | undefined {
    return this.#templates.get(name);
  }

  /** Replaces everything with a full answer of the daemon. */
  reset(details: readonly DetailDocument[]): void {
    this.#templates = new Map(details.map((detail) => [detail.name, detail]));
  }

  setStatus(name: string, status: StatusDocument): void {
    const template = this.#templates.get(name);
    if (template !== undefined) this.#templates.set(name, { ...template, status });
  }

  /**
   * Applies an event. Repeated events, and events that are older than the last `reset`, are harmless if all later events
   * follow.
   */
  apply(event: EventDocument): Stale {
    if (event.name.startsWith(runPrefix)) return undefined;
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
