import { type Actor, currentActor } from "../actor.ts";
import { forEachInSlices } from "../slices.ts";
import type { SupervisorState } from "./state.ts";
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

/** Whether somebody asked for a stop of this reason. */
const isRequested: Readonly<Record<StopReason, boolean>> = {
  stop: true,
  reap: true,
  restart: true,
  flapping: false,
  "given-up": false,
};

/** Stops processes of one template. */
export class Stops {
  readonly #options: StopsOptions;
  /** Who last asked for a change of the template. */
  #requester: Actor | undefined;

  constructor(options: StopsOptions) {
    this.#options = options;
  }

  /** Call when somebody asks for a change of the template, which may stop processes later. */
  noteRequest(): void {
    this.#requester = currentActor();
  }

  /**
   * Stops those that are running. All of them are `stopping` when this returns. Thousands get their signals in slices,
   * because it takes part of a millisecond to find what each of them started.
   */
  begin(processes: readonly SupervisedProcess[], reason: StopReason): void {
    const { population, onChange } = this.#options;
    const by = isRequested[reason] ? (currentActor() ?? this.#requester) : undefined;
    const stopping = processes.filter((process) => population.beginStop(process, reason, by));
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

/** Why all processes are stopped, by the state that this leads to. */
export function reasonToDrain(state: SupervisorState): StopReason {
  if (state === "backoff") return "flapping";
  return state === "fatal" ? "given-up" : "stop";
}
