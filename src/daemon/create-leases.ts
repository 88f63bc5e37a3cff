import type { EventBus } from "../events/bus.ts";
import { leaseTemplates } from "../leases/leased-templates.ts";
import { LeaseRows } from "../leases/lease-rows.ts";
import { Leases } from "../leases/leases.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import type { Store } from "../store/store.ts";

/** Creates the leases of all templates. They are kept on disk if the store is open. Call before anything starts. */
export function createLeases(parts: {
  readonly manager: Manager;
  readonly bus: EventBus;
  readonly store: Store;
  readonly log: Logger;
}): Leases {
  const { manager, bus, store, log } = parts;
  const leases = new Leases({ log });
  if (store.database !== undefined) leases.open(new LeaseRows(store));
  leaseTemplates({ leases, manager, bus });
  return leases;
}
