import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootId } from "../../src/boot.ts";
import { createStore } from "../../src/daemon/open-store.ts";
import { EventBus } from "../../src/events/bus.ts";
import { EventReader, type EventStart } from "../../src/events/event-reader.ts";
import { EventHistory } from "../../src/history/event-history.ts";
import { rowChecksum } from "../../src/store/row-checksum.ts";
import { storePath } from "../../src/store/store.ts";
import { createFolder, startGafferd } from "../cli/running.ts";
import { recordWarnings } from "../recorded-log.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-events-"));
  folders.push(folder);
  return folder;
}

/** A bus whose events are kept, as in a daemon. */
function open(stateDir: string) {
  const { log, warnings } = recordWarnings();
  const bus = new EventBus((error) => {
    throw error;
  });
  const store = createStore({ stateDir, log });
  store.open();
  const history = new EventHistory(bus, store, log);
  return {
    bus,
    store,
    warnings,
    publish(...names: readonly string[]) {
      for (const name of names) bus.publish({ type: "create", name });
    },
    /** The names of all events from a place on; `gap 3` for three missed events. */
    read(start: EventStart): string[] {
      const reader = new EventReader(bus, { start, pattern: {}, onReady: () => {} });
      const names: string[] = [];
      for (let item = reader.next(); item; item = reader.next()) {
        names.push(item.kind === "gap" ? `gap ${item.events}` : item.event.name);
      }
      reader.close();
      return names;
    },
    async [Symbol.asyncDispose]() {
      history.close();
      await store.close();
    },
  };
}

/** Makes the last boot one of another process, as after a restart of gafferd. */
function rename(stateDir: string, id: string, { isKilled = false } = {}): void {
  using database = new Database(storePath(stateDir));
  database.run("UPDATE boot SET id = ?, last = iif(?, NULL, last) WHERE id = ?", [id, isKilled ? 1 : 0, bootId]);
  const pages = database.query<{ number: number; first: number; last: number; events: string }, []>(
    `SELECT number, first, last, events FROM event_page WHERE boot = '${bootId}'`,
  );
  for (const { number, first, last, events } of pages.all()) {
    database.run("UPDATE event_page SET boot = ?, checksum = ? WHERE number = ?", [
      id,
      rowChecksum([id, first, last, events]),
      number,
    ]);
  }
}

test("an id of an earlier run resumes with exactly the events after it, through several runs", async () => {
  const stateDir = newFolder();
  for (const run of ["rone", "rtwo"]) {
    {
      await using events = open(stateDir);
      events.publish(`${run} a`, `${run} b`, `${run} c`);
    }
    rename(stateDir, run);
  }
  await using events = open(stateDir);
  events.publish("now a", "now b");
  const rest = ["rtwo a", "rtwo b", "rtwo c", "now a", "now b"];
  expect(events.read({ kind: "after", boot: "rone", sequence: 2 })).toEqual(["rone c", ...rest]);
  expect(events.read({ kind: "after", boot: "rone", sequence: 3 })).toEqual(rest);
  expect(events.read({ kind: "after", boot: "rtwo", sequence: 3 })).toEqual(["now a", "now b"]);
  expect(events.read({ kind: "after", sequence: 1 })).toEqual(["now b"]);
  expect(events.read({ kind: "after", boot: "rnone", sequence: 3 })).toEqual([
    "gap undefined",
    "rone a",
    "rone b",
    "rone c",
    ...rest,
  ]);
  expect(events.read({ kind: "since", steadyMs: 0, unixMs: 0 })).toEqual(["rone a", "rone b", "rone c", ...rest]);
});

test("after a run that was killed comes a gap: how many events it did not write is not known", async () => {
  const stateDir = newFolder();
  {
    await using events = open(stateDir);
    events.publish("a", "b");
  }
  rename(stateDir, "rkilled", { isKilled: true });
  await using events = open(stateDir);
  events.publish("c");
  expect(events.read({ kind: "after", boot: "rkilled", sequence: 1 })).toEqual(["b", "gap undefined", "c"]);
});

test("the last 10,000 events are kept, also of this run; those before are counted in a gap", async () => {
  const stateDir = newFolder();
  await using events = open(stateDir);
  for (let number = 1; number <= 12_000; number++) events.publish(String(number));
  const names = events.read({ kind: "after", sequence: 500 });
  expect(names[0]).toMatch(/^gap 1[45]\d\d$/);
  const missed = Number(names[0]!.slice(4));
  expect(names.slice(1)).toEqual(Array.from({ length: 11_500 - missed }, (_, index) => String(501 + missed + index)));
  expect(names.length).toBeGreaterThan(10_000);
  expect(names.length).toBeLessThan(10_200);
  expect(events.warnings).toEqual([]);
});

test("events that are damaged on disk are counted in a gap", async () => {
  const stateDir = newFolder();
  {
    await using events = open(stateDir);
    events.publish(...Array.from({ length: 250 }, (_, index) => `e${index + 1}`));
  }
  rename(stateDir, "rold");
  {
    using database = new Database(storePath(stateDir));
    database.run("UPDATE event_page SET events = replace(events, 'e150', 'x150')");
  }
  await using events = open(stateDir);
  const names = events.read({ kind: "after", boot: "rold", sequence: 98 });
  expect([names.slice(0, 4), names.length]).toEqual([["e99", "e100", "gap 100", "e201"], 53]);
});

test("a watcher comes back with its last id after gafferd was stopped, and after it was killed", async () => {
  const folder = createFolder();
  const config = folder.write("gaffer.ini", "[gaffer]\nstate_dir = state\nbundled_plugins = none\n");
  const start = () => startGafferd(["-c", config]);
  let last: string | undefined;
  {
    await using first = await start();
    const watching = watch(first.url, undefined, "a");
    await Bun.sleep(50);
    await post(first.url, "a");
    ({ last } = await watching);
    await post(first.url, "b");
    first.kill("SIGTERM");
    await first.exited;
  }
  {
    await using second = await start();
    await post(second.url, "c");
    const { names, last: next } = await watch(second.url, last, "c");
    expect(names).toEqual(["b", "c"]);
    last = next;
    await post(second.url, "d");
    // Events are written within 100 ms.
    await Bun.sleep(400);
    second.kill("SIGKILL");
    await second.exited;
  }
  await using third = await start();
  await post(third.url, "e");
  expect((await watch(third.url, last, "e")).names).toEqual(["d", "gap unknown", "e"]);
  folder.remove();
});

async function post(url: string, name: string): Promise<void> {
  const body = JSON.stringify({ name, cmd: "sleep 600", start: false, persist: false });
  await (await fetch(`${url}/processes`, { method: "POST", body })).json();
}

/** The names of the events after an id, until one comes, and the last id. */
async function watch(url: string, id: string | undefined, until: string) {
  const query = id === undefined ? "" : `&since=${id}`;
  const names: string[] = [];
  let last = id;
  while (names.at(-1) !== until) {
    const answer = await fetch(`${url}/watch?heartbeat=1${last === id ? query : `&since=${last}`}`);
    last = answer.headers.get("x-gaffer-next") ?? last;
    if (answer.headers.has("x-gaffer-gap")) names.push(`gap ${answer.headers.get("x-gaffer-gap")}`);
    if (answer.status === 200) names.push(((await answer.json()) as { name: string }).name);
  }
  return { names, last };
}
