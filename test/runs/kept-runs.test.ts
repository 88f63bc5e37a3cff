import { expect, test } from "bun:test";
import { EventBus } from "../../src/events/bus.ts";
import { Manager } from "../../src/manager/manager.ts";
import type { RunStore } from "../../src/runs/kept-runs.ts";
import type { RunRow, RunRows } from "../../src/runs/run-rows.ts";
import { parseRun } from "../../src/runs/run-settings.ts";
import { Runs } from "../../src/runs/runs.ts";
import { recordLog } from "../recorded-log.ts";
import { waitFor } from "../wait-for.ts";

/** A store in memory whose disk can be full. */
function createDisk() {
  const rows = new Map<string, RunRow>();
  let isFull = false;
  let onWrite: ((how: string) => void) | undefined;
  const write = (how: string) => async (run: () => void) => {
    await Promise.resolve();
    if (isFull) throw new Error("database or disk is full");
    run();
    onWrite?.(how);
  };
  const store: RunStore = {
    rows: {
      path: "/state/gafferd.sqlite",
      read: () => [...rows.values()],
      save: (row: RunRow) =>
        void rows.set(row.id, { id: row.id, keepMs: row.keepMs, settings: row.settings, facts: row.facts }),
      remove: (id: string) => void rows.delete(id),
      close() {},
    } as unknown as RunRows,
    write: write("durable"),
    writeSoon: write("soon"),
    writeLater: write("later"),
  };
  return {
    store,
    rows,
    setFull: (full: boolean) => (isFull = full),
    observe: (listener: (how: string) => void) => (onWrite = listener),
  };
}

function hostOn({ store }: Pick<ReturnType<typeof createDisk>, "store">) {
  const { log, logged } = recordLog();
  const manager = new Manager({ log, bus: new EventBus(() => {}) });
  const runs = new Runs({ manager, log });
  runs.open(store);
  return { manager, runs, logged };
}

const settings = (id: string, cmd: string) => parseRun({ cmd }, id, "/");

test("the id is on disk, and survives a power failure, before the process is started", async () => {
  const disk = createDisk();
  const { runs, manager } = hostOn(disk);
  const seen: [string, number][] = [];
  disk.observe((how) => seen.push([how, manager.runningIds().length]));
  await runs.start("a", settings("a", "sleep 60"));
  expect(seen[0]).toEqual(["durable", 0]);
  expect(manager.runningIds()).toHaveLength(1);
  await manager.close();
  await runs.close();
});

test("if the disk refuses the id, nothing is started, and the id is free", async () => {
  const disk = createDisk();
  const { runs, manager, logged } = hostOn(disk);
  disk.setFull(true);
  const failure = await runs.start("a", settings("a", "true")).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: "overloaded" });
  expect([runs.list(), manager.runs.all]).toEqual([[], []]);
  expect(logged.filter(({ line }) => line.includes("cannot save runs"))).toHaveLength(1);
  disk.setFull(false);
  const { run, existing } = await runs.start("a", settings("a", "true"));
  await run.ended;
  expect([existing, run.state]).toEqual([false, "exited"]);
  await runs.close();
});

test("an end that the disk refuses is known, and written at the latest when gafferd stops", async () => {
  const disk = createDisk();
  const { runs } = hostOn(disk);
  const { run } = await runs.start("a", settings("a", "sleep 0.05"));
  disk.setFull(true);
  await run.ended;
  expect(run.state).toBe("exited");
  expect(disk.rows.get("a")?.facts.exit).toBeUndefined();
  disk.setFull(false);
  await runs.close();
  expect(disk.rows.get("a")?.facts.exit).toMatchObject({ status: { exitCode: 0 }, endedBy: "itself" });
});

test("what a gafferd that was killed had not seen end is lost, for this start and all later ones", async () => {
  const disk = createDisk();
  const row = { keepMs: 600_000, settings: "{}" };
  disk.rows.set("starting", { id: "starting", ...row, facts: {} });
  disk.rows.set("running", { id: "running", ...row, facts: { osPid: 4711, startedAtMs: Date.now() } });
  for (let start = 0; start < 2; start++) {
    const { runs } = hostOn(disk);
    expect(runs.list().map(({ id, state }) => [id, state])).toEqual([
      ["starting", "lost"],
      ["running", "lost"],
    ]);
    expect((await runs.get("running")).facts.lostReason).toContain("process 4711");
    await runs.close();
  }
});

test("the time that a run of an earlier gafferd was kept counts", async () => {
  const disk = createDisk();
  const exit = { status: { exitCode: 0 }, exitedAtMs: 0, cpuMs: 1, endedBy: "itself" } as const;
  const rowOf = (id: string, endedAtMs: number) => ({ id, keepMs: 60_000, settings: "{}", facts: { exit, endedAtMs } });
  disk.rows.set("old", rowOf("old", Date.now() - 61_000));
  disk.rows.set("new", rowOf("new", Date.now()));
  const { runs } = hostOn(disk);
  await waitFor(() => runs.list().length === 1, "the end of the old one");
  await waitFor(() => !disk.rows.has("old"), "its row to go");
  expect(runs.list().map(({ id }) => id)).toEqual(["new"]);
  await runs.close();
});
