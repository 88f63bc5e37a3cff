import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { notFound } from "../manager/not-found.ts";
import { forEachInSlices } from "../slices.ts";
import { toSeconds } from "../template/duration.ts";
import type { LeaseRow, LeaseRows } from "./lease-rows.ts";
import { keyOf, LeaseRecord, type LeftLease } from "./lease-record.ts";
import type { Leased, LeasedKind, LeaseHold, LeaseOwner } from "./leased.ts";
import { extendLease, type LeaseEntry, type OwnerEntry, toLeaseOwner } from "./lease-entry.ts";

/** Leases that end within this time of each other end together, so that many owners do not mean many wake-ups. */
const togetherMs = 20;

/** The leases of all owners. Deadlines are on the monotonic clock; one timer serves all of them. */
export class Leases {
  readonly #log: Logger;
  readonly #owners = new Map<string, OwnerEntry>();
  readonly #entries = new Map<string, LeaseEntry>();
  readonly #record: LeaseRecord;
  /** What was left of leases when gafferd ended, by key, until `forgetLeft`. */
  #left = new Map<string, LeftLease>();
  #timer: NodeJS.Timeout | undefined;
  #timerAtMs = Infinity;
  #isClosed = false;
  /** How many leases have ended since the start. */
  endedCount = 0;

  constructor({ log }: { readonly log: Logger }) {
    this.#log = log;
    this.#record = new LeaseRecord({ log, rowOf: (key) => this.#rowOf(key) });
  }

  /** Keeps leases on disk from now on. Call before the first `set`. Throws the errors of SQLite. */
  open(rows: LeaseRows): void {
    this.#left = this.#record.open(rows);
  }

  /** Call when everything that runs after a restart was set. Later starts get a full lease. */
  forgetLeft(): void {
    for (const key of this.#left.keys()) this.#noteChange(key);
    this.#left.clear();
  }

  /**
   * Adds something that belongs to an owner, or notes its present settings and whether it runs. Its lease begins when it
   * starts to run, and when its owner or `leaseMs` changes.
   */
  set(leased: Leased, isRunning: boolean): void {
    if (this.#isClosed) return;
    const key = keyOf(leased.kind, leased.name);
    const before = this.#entries.get(key);
    if (before !== undefined && before.leased.owner !== leased.owner) this.remove(leased.kind, leased.name);
    const entry = this.#entries.get(key) ?? this.#add(key, leased);
    const isSame = entry.leased.leaseMs === leased.leaseMs;
    const hasStarted = isRunning && !(entry.isRunning && isSame);
    entry.leased = leased;
    entry.isRunning = isRunning;
    if (hasStarted) this.#begin(key, entry);
    // One that was stopped because its lease ended stays `ended`, so that its owner is told.
    if (!isRunning && entry.state === "active") {
      entry.state = "idle";
      this.#noteChange(key);
    }
  }

  /** Notes that something of an owner does not run any more. */
  setStopped(kind: LeasedKind, name: string): void {
    const entry = this.#entries.get(keyOf(kind, name));
    if (entry !== undefined) this.set(entry.leased, false);
  }

  /** Call when something is gone, or has no owner any more. */
  remove(kind: LeasedKind, name: string): void {
    const key = keyOf(kind, name);
    const entry = this.#entries.get(key);
    if (entry === undefined || this.#isClosed) return;
    this.#entries.delete(key);
    entry.state = "idle";
    this.#noteChange(key);
    const owner = this.#owners.get(entry.leased.owner);
    owner?.entries.delete(key);
    this.#dropIfUnused(entry.leased.owner);
  }

  /** Renews the leases of an owner. Throws `not_found`, or `gone` if they have ended and everything was stopped. */
  renew(name: string): LeaseOwner {
    const owner = this.#find(name);
    const nowMs = performance.now();
    let hasRenewed = false;
    for (const [key, entry] of owner.entries) {
      if (!entry.isRunning) continue;
      hasRenewed = true;
      entry.state = "active";
      entry.deadlineMs = nowMs + entry.leased.leaseMs;
      this.#noteChange(key);
      this.#wakeBy(entry.deadlineMs);
    }
    if (!hasRenewed && [...owner.entries.values()].some(({ state }) => state === "ended")) throw leaseIsOver(name);
    owner.renewedAtMs = Date.now();
    return this.get(name);
  }

  /** Ends the leases of an owner now. Resolves when what is to be stopped has ended. Throws `not_found`. */
  async end(name: string): Promise<void> {
    const owner = this.#find(name);
    const active = [...owner.entries.values()].filter(({ state }) => state === "active");
    await this.#endAll(
      active,
      () => true,
      (entry) => `the lease of its owner \`${entry.leased.owner}\` was ended by a request`,
    );
  }

  /** Holds the leases of an owner while a connection is open. Returns a function to call at its end. Throws `not_found`. */
  hold(name: string, hold: LeaseHold): () => void {
    const owner = this.#find(name);
    owner.holds.add(hold);
    this.#noteChanges(owner);
    return () => {
      if (!owner.holds.delete(hold) || this.#isClosed) return;
      const seenMs = hold.seenMs();
      for (const entry of owner.entries.values()) extendLease(entry, seenMs);
      this.#noteChanges(owner);
      this.#dropIfUnused(name);
    };
  }

  /** All owners, in order of creation; those that are there when it gets to them. */
  *list(): Generator<LeaseOwner, void> {
    for (const [name, owner] of this.#owners) yield toLeaseOwner(name, owner);
  }

  /** Throws `not_found`. */
  get(name: string): LeaseOwner {
    return toLeaseOwner(name, this.#find(name));
  }

  /** How many templates and runs have a lease that is in force. */
  activeCount(): number {
    let count = 0;
    for (const { state } of this.#entries.values()) if (state === "active") count += 1;
    return count;
  }

  /** Ends no lease from now on, and keeps on disk what is left of each. */
  close(): void {
    if (this.#isClosed) return;
    // A connection that is open now will have to be opened again, for which its client has the whole lease.
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#record.close();
  }

  #add(key: string, leased: Leased): LeaseEntry {
    const entry: LeaseEntry = { leased, isRunning: false, state: "idle", deadlineMs: Infinity };
    const owner = this.#owners.get(leased.owner) ?? { entries: new Map(), holds: new Set(), renewedAtMs: undefined };
    this.#owners.set(leased.owner, owner);
    owner.entries.set(key, entry);
    this.#entries.set(key, entry);
    return entry;
  }

  #begin(key: string, entry: LeaseEntry): void {
    const nowMs = performance.now();
    const left = this.#left.get(key);
    this.#left.delete(key);
    const { owner, leaseMs } = entry.leased;
    const leftMs = left?.owner === owner ? left.leftMs : Infinity;
    entry.state = "active";
    entry.deadlineMs = nowMs + Math.min(leaseMs, leftMs);
    this.#noteChange(key);
    this.#wakeBy(entry.deadlineMs);
  }

  #find(name: string): OwnerEntry {
    const owner = this.#owners.get(name);
    if (owner !== undefined) return owner;
    const { message } = notFound("owner of a lease", name, [...this.#owners.keys()]);
    const advice = "an owner exists while a template or a run has `owner` and `lease`; GET /leases lists them";
    throw new GafferdError("not_found", `${message}; ${advice}`, { field: "owner" });
  }

  #dropIfUnused(name: string): void {
    const owner = this.#owners.get(name);
    if (owner?.entries.size === 0 && owner.holds.size === 0) this.#owners.delete(name);
  }

  #noteChanges({ entries }: OwnerEntry): void {
    for (const key of entries.keys()) this.#noteChange(key);
  }

  #noteChange(key: string): void {
    this.#record.noteChange(key);
    this.#wakeBy(this.#record.dueMs(true));
  }

  /** Sets the timer unless it is set to an earlier time. */
  #wakeBy(atMs: number): void {
    if (atMs >= this.#timerAtMs || this.#isClosed) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, atMs - performance.now())).unref();
  }

  #wake(): void {
    this.#timerAtMs = Infinity;
    const nowMs = performance.now();
    const due: LeaseEntry[] = [];
    let nextMs = Infinity;
    for (const entry of this.#entries.values()) {
      if (entry.state !== "active") continue;
      if (this.#isDue(entry, nowMs)) due.push(entry);
      else nextMs = Math.min(nextMs, entry.deadlineMs);
    }
    const isInForce = due.length > 0 || nextMs < Infinity;
    if (this.#record.dueMs(isInForce) <= nowMs) this.#record.write(nowMs);
    this.#wakeBy(Math.max(Math.min(nextMs, this.#record.dueMs(isInForce)), nowMs + togetherMs));
    const isStillDue = ({ deadlineMs }: LeaseEntry) => deadlineMs <= nowMs;
    void this.#endAll(due, isStillDue, ({ leased: { owner, leaseMs } }) => {
      return `the lease of its owner \`${owner}\` expired (it was not renewed for ${toSeconds(leaseMs)} s)`;
    });
  }

  /** Asks the connections only if the lease would end otherwise. */
  #isDue(entry: LeaseEntry, nowMs: number): boolean {
    if (entry.deadlineMs > nowMs) return false;
    for (const hold of this.#owners.get(entry.leased.owner)?.holds ?? []) extendLease(entry, hold.seenMs());
    return entry.deadlineMs <= nowMs;
  }

  async #endAll(
    entries: readonly LeaseEntry[],
    isToEnd: (entry: LeaseEntry) => boolean,
    reasonOf: (entry: LeaseEntry) => string,
  ): Promise<void> {
    const ends: Promise<void>[] = [];
    await forEachInSlices(entries, (entry) => {
      // It may have been renewed, stopped or deleted in an earlier slice.
      if (entry.state === "active" && isToEnd(entry) && !this.#isClosed)
        ends.push(this.#endOne(entry, reasonOf(entry)));
    });
    await Promise.all(ends);
  }

  async #endOne(entry: LeaseEntry, reason: string): Promise<void> {
    const { leased } = entry;
    entry.state = "ended";
    this.endedCount += 1;
    this.#noteChange(keyOf(leased.kind, leased.name));
    this.#log.warn(`${leased.name}: ${reason}; ${leased.onLeaseEnd === "stop" ? "stopping it" : "it keeps running"}`);
    try {
      await leased.end(reason);
    } catch (error) {
      this.#log.error(`cannot end the lease of \`${leased.name}\``, error);
    }
  }

  #rowOf(key: string): LeaseRow | undefined {
    const entry = this.#entries.get(key);
    if (entry?.state !== "active") return undefined;
    const { kind, name, owner, leaseMs } = entry.leased;
    const seenMs = Math.max(-Infinity, ...Array.from(this.#owners.get(owner)?.holds ?? [], (hold) => hold.seenMs()));
    const isHeld = seenMs + leaseMs > performance.now();
    return { kind, name, owner, deadline_ms: isHeld ? null : entry.deadlineMs };
  }
}

function leaseIsOver(owner: string): GafferdError {
  const message = `the lease of \`${owner}\` has ended, and its processes were stopped; start them to begin a new lease`;
  return new GafferdError("gone", message);
}
