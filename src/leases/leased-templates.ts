import type { EventBus } from "../events/bus.ts";
import type { Manager } from "../manager/manager.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { Leased } from "./leased.ts";
import type { Leases } from "./leases.ts";

export interface LeasedTemplatesOptions {
  readonly leases: Leases;
  readonly manager: Manager;
  readonly bus: EventBus;
}

/**
 * Gives leases to the templates that have an owner, from now on. A template runs as long as its status is `active`: then its
 * processes run, or are to be started again.
 */
export function leaseTemplates({ leases, manager, bus }: LeasedTemplatesOptions): void {
  const known = new Set<string>();
  bus.subscribe(({ name }) => {
    const supervisor = manager.has(name) ? manager.get(name) : undefined;
    const leased = supervisor && toLeased(supervisor.template);
    if (supervisor !== undefined && leased !== undefined) {
      known.add(name);
      leases.set(leased, supervisor.status().active);
    } else if (known.delete(name)) leases.remove("process", name);
  });

  function toLeased({ name, owner, leaseMs, onLeaseEnd }: ProcessTemplate): Leased | undefined {
    if (owner === undefined || leaseMs === undefined) return undefined;
    return {
      kind: "process",
      name,
      owner,
      leaseMs,
      onLeaseEnd,
      async end(reason) {
        const stopped = onLeaseEnd === "stop" ? manager.stop(name, reason) : undefined;
        bus.publish({ type: "lease_end", name, owner });
        await stopped;
      },
    };
  }
}
