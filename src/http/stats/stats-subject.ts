import type { EventBus } from "../../events/bus.ts";
import type { Manager } from "../../manager/manager.ts";
import type { UsageSample } from "../../process/usage/sampler.ts";
import type { SupervisedProcess, Supervisor } from "../../manager/views.ts";
import { toSupervisedStatsDocument, toTemplateStatsDocument } from "./stats-document.ts";

/** What statistics are asked of. */
export interface StatsSubject {
  /** The same for every request of the same. */
  readonly owner: object;
  /** Those that run now. */
  processes(): readonly SupervisedProcess[];
  /** Undefined when it has vanished. */
  document(sample: UsageSample): unknown;
  /** There will be nothing more to tell. */
  readonly ended: boolean;
  /** Calls `listener` when it may have ended; returns what ends that. */
  onEnd(listener: () => void): () => void;
}

/** All templates, until the daemon stops. */
export function everything(manager: Manager, bus: EventBus): StatsSubject {
  const supervisors = () => manager.names().map((name) => manager.get(name));
  return {
    owner: manager,
    processes: () => supervisors().flatMap(({ processes }) => processes),
    document: (sample) => supervisors().map((supervisor) => toTemplateStatsDocument(supervisor, sample)),
    get ended() {
      return bus.ended;
    },
    onEnd: (listener) => bus.subscribe(() => {}, listener),
  };
}

/** A template, until it is deleted. */
export function ofTemplate(supervisor: Supervisor): StatsSubject {
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
export function ofProcess(supervisor: Supervisor, process: SupervisedProcess): StatsSubject {
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
