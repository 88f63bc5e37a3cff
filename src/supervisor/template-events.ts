import type { EventBus } from "../events/bus.ts";
import type { ExitStatus } from "../process/exit-status.ts";
import type { StopReason, SupervisedProcess } from "./supervised-process.ts";
import { retryOf, type Verdict } from "./verdict.ts";

/** Publishes the events of one template and its processes. */
export class TemplateEvents {
  readonly #bus: EventBus;
  readonly #name: string;

  constructor(bus: EventBus, name: string) {
    this.#bus = bus;
    this.#name = name;
  }

  requested(type: "start" | "stop" | "restart" | "update"): void {
    this.#bus.publish({ type, name: this.#name });
  }

  spawned(process: SupervisedProcess): void {
    this.#bus.publish({ type: "spawn", ...process.eventFields });
  }

  stopping(process: SupervisedProcess, reason: StopReason): void {
    this.#bus.publish({ type: reason === "reap" ? "reap" : "stop_pid", ...process.eventFields });
  }

  exited(process: SupervisedProcess, status: ExitStatus): void {
    this.#bus.publish({ type: "exit", status, ...process.eventFields });
  }

  /** Publishes `flap` if the verdict is that the template is flapping. */
  decided(verdict: Verdict): void {
    if (verdict.kind !== "flapping" && verdict.kind !== "flapped-out") return;
    this.#bus.publish({ type: "flap", name: this.#name, ...retryOf(verdict) });
  }
}
