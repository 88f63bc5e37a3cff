import { forEachInSlices } from "../slices.ts";
import type { Population } from "./population.ts";
import type { StopReason, SupervisedProcess } from "./supervised-process.ts";
import type { TemplateEvents } from "./template-events.ts";

export interface StopsOptions {
  readonly population: Population;
  readonly events: TemplateEvents;
  /** Called after a process has changed. */
  readonly onChange: () => void;
  /** Called when a process survived SIGKILL and no longer counts. */
  readonly onGivenUp: () => void;
}

/** Stops processes of one template. */
export class Stops {
  readonly #options: StopsOptions;

  constructor(options: StopsOptions) {
    this.#options = options;
  }

  /**
   * Stops those that are running. All of them are `stopping` when this returns. Thousands get their signals in slices,
   * because it takes part of a millisecond to find what each of them started.
   */
  begin(processes: readonly SupervisedProcess[], reason: StopReason): void {
    const { population, onChange } = this.#options;
    const stopping = processes.filter((process) => population.beginStop(process, reason));
    if (stopping.length === 0) return;
    onChange();
    void forEachInSlices(stopping, (process) => this.#stop(process, reason));
  }

  #stop(process: SupervisedProcess, reason: StopReason): void {
    // It exited by itself before its slice.
    if (process.state === "exited") return;
    const { population, events, onChange, onGivenUp } = this.#options;
    void process.stop().then(() => {
      // A process that survives SIGKILL keeps its slot, and another takes its place.
      if (population.giveUpUnkillable(process)) onGivenUp();
      onChange();
    });
    events.stopping(process, reason);
  }
}
