import { currentMoment, type Moment } from "../moment.ts";
import type { Leased, LeaseHold, LeaseMember, LeaseOwner, LeaseState } from "./leased.ts";

/** The lease of one member of an owner. */
export interface LeaseEntry {
  leased: Leased;
  isRunning: boolean;
  state: LeaseState;
  /** When the lease ends unless it is extended, on the steady clock. */
  deadlineMs: number;
}

export interface OwnerEntry {
  /** In order of creation. */
  readonly entries: Map<string, LeaseEntry>;
  /** One for each connection that holds the leases. */
  readonly holds: Set<LeaseHold>;
  /** Unix ms. */
  renewedAtMs: number | undefined;
}

/** Extends a lease that was held by a connection whose client was last known to be there at `seenMs` (steady clock). */
export function extendLease(entry: LeaseEntry, seenMs: number): void {
  entry.deadlineMs = Math.max(entry.deadlineMs, seenMs + entry.leased.leaseMs);
}

export function toLeaseOwner(name: string, { entries, holds, renewedAtMs }: OwnerEntry): LeaseOwner {
  const now = currentMoment();
  for (const hold of holds) for (const entry of entries.values()) extendLease(entry, hold.seenMs());
  const members = Array.from(entries.values(), (entry) => toMember(entry, now));
  const times = members.map(({ expiresAtMs }) => expiresAtMs).filter((time) => time !== undefined);
  const states = members.map(({ state }) => state);
  return {
    owner: name,
    state: (["active", "ended"] as const).find((state) => states.includes(state)) ?? "idle",
    expiresAtMs: times.length === 0 ? undefined : Math.min(...times),
    renewedAtMs,
    connections: holds.size,
    members,
  };
}

function toMember({ leased, state, deadlineMs }: LeaseEntry, { unixMs, steadyMs }: Moment): LeaseMember {
  const { kind, name, leaseMs, onLeaseEnd } = leased;
  const expiresAtMs = state === "active" ? unixMs + Math.max(0, deadlineMs - steadyMs) : undefined;
  return { kind, name, leaseMs, onLeaseEnd, state, expiresAtMs };
}
