import type { EventBus } from "../events/bus.ts";
import type { Leases } from "../leases/leases.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { Run } from "./run.ts";

/** Ties the runs that have an owner to its leases. */
export class RunLeases {
  readonly #leases: Leases;
  readonly #bus: EventBus;

  constructor({ leases, bus }: { readonly leases: Leases; readonly bus: EventBus }) {
    this.#leases = leases;
    this.#bus = bus;
  }

  /** Call when a run has started. `stop` is called when its lease ends, unless it is to be left running. */
  begin({ id }: Run, { name, owner, leaseMs, onLeaseEnd }: ProcessTemplate, stop: () => Promise<void>): void {
    if (owner === undefined || leaseMs === undefined) return;
    const end = async () => {
      const stopped = onLeaseEnd === "stop" ? stop() : undefined;
      this.#bus.publish({ type: "lease_end", name, owner });
      await stopped;
    };
    this.#leases.set({ kind: "run", name: id, owner, leaseMs, onLeaseEnd, end }, true);
  }

  /** Call when the process of a run has exited. One that its lease has ended stays known, so that its owner is told. */
  noteExit({ id, facts }: Run): void {
    if (facts.exit?.endedBy === "lease") this.#leases.setStopped("run", id);
    else this.forget(id);
  }

  forget(id: string): void {
    this.#leases.remove("run", id);
  }
}
