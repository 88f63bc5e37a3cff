import type { LeaseEndPolicy } from "../template/lease-properties.ts";

/** Something that belongs to an owner: a template or a run. */
export interface Leased {
  readonly kind: LeasedKind;
  /** Unique among those of its kind. */
  readonly name: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly onLeaseEnd: LeaseEndPolicy;
  /**
   * Called when the lease has ended, whatever `onLeaseEnd` is: publishes that, and with `stop` stops the processes
   * gracefully. `reason` is a clause such as "the lease of its owner `me` expired". Resolves when they have ended.
   */
  end(reason: string): Promise<void>;
}

export type LeasedKind = "process" | "run";

/**
 * - `active`: it runs, and its lease is in force.
 * - `ended`: its lease has ended, and it was stopped or left running.
 * - `idle`: it does not run, so that it needs no lease. The next start begins one.
 */
export type LeaseState = "active" | "ended" | "idle";

/** A connection that holds the leases of an owner. */
export interface LeaseHold {
  /** When its client was last known to be there, on the steady clock. Called when a lease would end otherwise. */
  seenMs(): number;
}

/** A member of an owner, as callers see it. */
export interface LeaseMember extends Pick<Leased, "kind" | "name" | "leaseMs" | "onLeaseEnd"> {
  readonly state: LeaseState;
  /** Undefined unless `state` is `active`. Unix ms. */
  readonly expiresAtMs: number | undefined;
}

/** An owner, as callers see it. */
export interface LeaseOwner {
  readonly owner: string;
  /** The best state of its members. */
  readonly state: LeaseState;
  /** When the first of its leases expires. Undefined unless `state` is `active`. Unix ms. */
  readonly expiresAtMs: number | undefined;
  /** Undefined if it has not been renewed since gafferd started. Unix ms. */
  readonly renewedAtMs: number | undefined;
  /** The connections that hold its leases. */
  readonly connections: number;
  /** In order of creation. */
  readonly members: readonly LeaseMember[];
}
