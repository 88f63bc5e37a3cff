import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Leased } from "../../src/leases/leased.ts";
import { LeaseRows, leaseTables } from "../../src/leases/lease-rows.ts";
import { Leases } from "../../src/leases/leases.ts";
import { Store } from "../../src/store/store.ts";
import { recordWarnings } from "../recorded-log.ts";
import { waitFor } from "../wait-for.ts";

const open: Leases[] = [];
const ended: string[] = [];
beforeEach(() => void ended.splice(0));
afterEach(() => {
  for (const leases of open.splice(0)) leases.close();
});

function create(rows?: LeaseRows): Leases {
  const leases = new Leases({ log: recordWarnings().log });
  if (rows !== undefined) leases.open(rows);
  open.push(leases);
  return leases;
}

function member(name: string, settings: Partial<Leased> = {}): Leased {
  const end = async () => void ended.push(name);
  return { kind: "process", name, owner: "me", leaseMs: 100, onLeaseEnd: "stop", end, ...settings };
}

const hasEnded = (name: string) => waitFor(() => ended.includes(name), `the end of the lease of ${name}`);
const hour = 3_600_000;
const leftOf = (leases: Leases) => (leases.get("me").expiresAtMs ?? 0) - Date.now();

test("a lease ends when it was not renewed for its duration, and not before", async () => {
  const leases = create();
  const begun = performance.now();
  leases.set(member("a", { leaseMs: 120 }), true);
  await hasEnded("a");
  expect(performance.now() - begun).toBeGreaterThanOrEqual(119);
  expect(leases.get("me")).toMatchObject({ state: "ended", expiresAtMs: undefined });
  expect(leases.endedCount).toBe(1);
});

test("a renewal gives every member of the owner, and of no other, its whole lease again", async () => {
  const leases = create();
  leases.set(member("short", { leaseMs: 400 }), true);
  leases.set(member("long", { leaseMs: hour }), true);
  leases.set(member("of another", { leaseMs: 400, owner: "other" }), true);
  const until = performance.now() + 600;
  while (performance.now() < until) {
    const { expiresAtMs = 0, members } = leases.renew("me");
    expect(expiresAtMs - Date.now()).toBeWithin(300, 401);
    expect((members[1]?.expiresAtMs ?? 0) - Date.now()).toBeGreaterThan(hour - 1000);
    await Bun.sleep(20);
  }
  expect(ended).toEqual(["of another"]);
});

test("a member that does not run has no lease; its start begins one", async () => {
  const leases = create();
  leases.set(member("a"), false);
  expect(leases.renew("me")).toMatchObject({ state: "idle", expiresAtMs: undefined });
  await Bun.sleep(150);
  expect(ended).toEqual([]);
  leases.set(member("a"), true);
  await hasEnded("a");
});

test("what a running member says again does not renew its lease, other settings begin a new one", () => {
  const leases = create();
  leases.set(member("a", { leaseMs: hour }), true);
  const before = leases.get("me").expiresAtMs ?? 0;
  leases.set(member("a", { leaseMs: hour }), true);
  expect(Math.abs((leases.get("me").expiresAtMs ?? 0) - before)).toBeLessThan(20);
  leases.set(member("a", { leaseMs: 2 * hour }), true);
  expect((leases.get("me").expiresAtMs ?? 0) - before).toBeGreaterThan(hour - 1000);
  leases.set(member("a", { leaseMs: hour, owner: "you" }), true);
  expect(Array.from(leases.list(), ({ owner }) => owner)).toEqual(["you"]);
});

test("after the end of its lease, an owner is told so until something of it starts again", async () => {
  const leases = create();
  leases.set(member("a"), true);
  await leases.end("me");
  leases.set(member("a"), false);
  expect(() => leases.renew("me")).toThrow("the lease of `me` has ended, and its processes were stopped");
  leases.set(member("a"), true);
  expect(leases.renew("me").state).toBe("active");
});

test("what was left running after the end of its lease gets one again by a renewal", async () => {
  const leases = create();
  leases.set(member("a", { onLeaseEnd: "keep" }), true);
  await hasEnded("a");
  leases.set(member("a", { onLeaseEnd: "keep" }), true);
  expect(leases.get("me").state).toBe("ended");
  expect(leases.renew("me").state).toBe("active");
});

test("an unknown owner is an error that names the nearest one and says what makes an owner", () => {
  const leases = create();
  leases.set(member("a", { owner: "agent-7" }), true);
  expect(() => leases.renew("agent-8")).toThrow(/no owner of a lease `agent-8`; did you mean `agent-7`.*GET \/leases/);
  leases.remove("process", "a");
  expect(() => leases.get("agent-7")).toThrow("GET /leases lists them");
});

describe("a connection", () => {
  test("holds the leases while its client is there, for the whole lease after its end", async () => {
    const leases = create();
    leases.set(member("a"), true);
    const release = leases.hold("me", { seenMs: () => performance.now() });
    // One that comes later is held too.
    leases.set(member("b"), true);
    await Bun.sleep(250);
    expect(ended).toEqual([]);
    const releasedMs = performance.now();
    release();
    await hasEnded("a");
    expect(performance.now() - releasedMs).toBeGreaterThanOrEqual(99);
  });

  test("whose client is gone does not hold them", async () => {
    const leases = create();
    leases.set(member("a"), true);
    const seenMs = performance.now();
    leases.hold("me", { seenMs: () => seenMs });
    await hasEnded("a");
    expect(leases.get("me").connections).toBe(1);
  });
});

test("a jump of the system clock neither ends a lease nor extends it", async () => {
  const leases = create();
  const real = Date.now;
  using clock = spyOn(Date, "now").mockImplementation(() => real() + 24 * hour);
  leases.set(member("a", { leaseMs: 200 }), true);
  clock.mockImplementation(() => real() - 24 * hour);
  await Bun.sleep(50);
  expect(ended).toEqual([]);
  clock.mockImplementation(() => real() + 24 * hour);
  await Bun.sleep(50);
  expect(ended).toEqual([]);
  await hasEnded("a");
});

test("5,000 owners that renew need little time and one timer; each ends once, all in time", async () => {
  using timers = spyOn(globalThis, "setTimeout");
  const leases = create();
  const names = Array.from({ length: 5000 }, (_, at) => `owner-${at}`);
  for (const owner of names) leases.set(member(owner, { owner, leaseMs: 1500 }), true);
  for (let round = 0; round < 3; round++) for (const owner of names) leases.renew(owner);
  expect(timers.mock.calls.length).toBeLessThan(10);
  await waitFor(() => ended.length === names.length, "the end of all leases");
  expect(new Set(ended).size).toBe(names.length);
  expect(timers.mock.calls.length).toBeLessThan(300);
});

describe("on disk", () => {
  const folders: string[] = [];
  const stores: Store[] = [];
  afterEach(async () => {
    for (const leases of open.splice(0)) leases.close();
    for (const store of stores.splice(0)) await store.close();
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  function openRows(stateDir: string): { rows: LeaseRows; store: Store } {
    const store = new Store({ stateDir, tables: [leaseTables], log: recordWarnings().log });
    stores.push(store);
    return { rows: new LeaseRows(store), store };
  }

  function newFolder(): string {
    const folder = mkdtempSync(join(tmpdir(), "gafferd-leases-"));
    folders.push(folder);
    return folder;
  }

  test("what is left of a lease is kept; the time between does not count, and nobody gets more than a lease", async () => {
    const stateDir = newFolder();
    const first = openRows(stateDir);
    const before = create(first.rows);
    before.set(member("a", { leaseMs: 10_000 }), true);
    before.set(member("shortened", { leaseMs: 10_000, owner: "other" }), true);
    await Bun.sleep(300);
    before.close();
    await first.store.close();
    await Bun.sleep(100);
    const after = create(openRows(stateDir).rows);
    after.set(member("a", { leaseMs: 10_000 }), true);
    after.set(member("shortened", { leaseMs: 1000, owner: "other" }), true);
    after.forgetLeft();
    expect(leftOf(after)).toBeWithin(9000, 9701);
    expect((after.get("other").expiresAtMs ?? 0) - Date.now()).toBeLessThanOrEqual(1000);
    // A start later on begins a new lease.
    after.set(member("a", { leaseMs: 10_000 }), false);
    after.set(member("a", { leaseMs: 10_000 }), true);
    expect(leftOf(after)).toBeGreaterThan(9900);
  });

  test("a lease that a connection held is whole after a restart", async () => {
    const stateDir = newFolder();
    const first = openRows(stateDir);
    const before = create(first.rows);
    before.set(member("a", { leaseMs: 10_000 }), true);
    before.hold("me", { seenMs: () => performance.now() });
    await Bun.sleep(200);
    before.close();
    await first.store.close();
    const after = create(openRows(stateDir).rows);
    after.set(member("a", { leaseMs: 10_000 }), true);
    expect(leftOf(after)).toBeGreaterThan(9900);
  });

  test("what no longer exists after a restart, or has another owner, leaves no row behind", async () => {
    const stateDir = newFolder();
    const first = openRows(stateDir);
    const before = create(first.rows);
    before.set(member("gone"), true);
    before.set(member("sold", { leaseMs: hour }), true);
    before.close();
    await first.store.close();
    const second = openRows(stateDir);
    const after = create(second.rows);
    after.set(member("sold", { owner: "you", leaseMs: 2 * hour }), true);
    expect((after.get("you").expiresAtMs ?? 0) - Date.now()).toBeGreaterThan(hour);
    after.forgetLeft();
    after.close();
    const rows = second.store.database?.query("SELECT kind, name, owner FROM lease").all();
    expect(rows).toEqual([{ kind: "process", name: "sold", owner: "you" }]);
  });

  test("a disk that refuses a write ends no lease early and none late, and is tried again", async () => {
    const { rows, store } = openRows(newFolder());
    const { log, warnings } = recordWarnings();
    const leases = new Leases({ log });
    leases.open(rows);
    open.push(leases);
    store.database?.run("ALTER TABLE lease_clock RENAME TO hidden");
    leases.set(member("a", { leaseMs: 1200 }), true);
    await hasEnded("a");
    expect(warnings[0]).toContain("cannot save leases in");
    expect(warnings.length).toBe(2);
  });
});
