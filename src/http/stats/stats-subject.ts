import type { EventBus } from "../../events/bus.ts";
import type { Manager } from "../../manager/manager.ts";
import type { UsageSample } from "../../process/usage/sampler.ts";
import type { SupervisedProcess, Supervisor } from "../../manager/views.ts";
import { toSupervisedStatsDocument, toTemplateStatsDocument } from "./stats-document.ts";

/** The processes that a request for statistics is about. */
export interface StatsSubject {
  /** The cache key: the same object for all requests about the same processes. */
  readonly owner: object;
  /** The running processes. */
  processes(): readonly SupervisedProcess[];
  /** For `toJsonPieces`, with the processes of this moment. Undefined if the subject no longer exists. */
  document(sample: UsageSample): unknown;
  /** Whether there will be no more samples. */
  readonly ended: boolean;
  /** Calls `listener` when `ended` may have become true. Returns a function that unsubscribes. */
  onEnd(listener: () => void): () => void;
}

/** All templates, and the runs that have not ended, until the daemon stops. */
export function subjectOfAll(manager: Manager, bus: EventBus): StatsSubject {
  const supervisors = () => [...manager.names().map((name) => manager.get(name)), ...manager.runs.active];
  return {
    owner: manager,
    processes: () => supervisors().flatMap(({ processes }) => processes),
    document(sample) {
      const present = supervisors().map(({ template, processes }) => ({ template, processes }));
      return present.values().map((each) => toTemplateStatsDocument(each, sample));
    },
    get ended() {
      return bus.ended;
    },
    onEnd: (listener) => bus.subscribe(() => {}, listener),
  };
}

/** A template, until it is deleted. */
export function subjectOfTemplate(supervisor: Supervisor): StatsSubject {
  return {
    owner: supervisor,
    processes: () => supervisor.processes,
    document: (sample) => toTemplateStatsDocument(supervisor, sample),
    get ended() {
      return supervisor.isRetired;
    },
    onEnd: (listener) => supervisor.onChange(listener),
  };
}

/** A process, until it has exited. */
export function subjectOfProcess(supervisor: Supervisor, process: SupervisedProcess): StatsSubject {
  return {
    owner: process,
    processes: () => (process.state === "exited" ? [] : [process]),
    document(sample) {
      const usage = sample.usageOf(process.osPid);
      return usage && toSupervisedStatsDocument(process, usage);
    },
    get ended() {
      return process.state === "exited";
    },
    onEnd: (listener) => supervisor.onChange(listener),
  };
}
