import { afterEach, expect, test } from "bun:test";
import { GafferdError } from "../../src/errors.ts";
import { EventBus } from "../../src/events/bus.ts";
import { Manager } from "../../src/manager/manager.ts";
import { parseRun } from "../../src/runs/run-settings.ts";
import { Runs } from "../../src/runs/runs.ts";
import { recordLog } from "../recorded-log.ts";
import { waitFor } from "../wait-for.ts";

const { log } = recordLog();
let manager: Manager | undefined;
afterEach(async () => await manager?.close());

function createRuns(options: { maxRuns?: number } = {}): Runs {
  manager = new Manager({ log, bus: new EventBus(() => {}) });
  return new Runs({ manager, log, ...options });
}

async function start(runs: Runs, id: string, body: Record<string, unknown>) {
  return (await runs.start(id, parseRun(body, id, "/"))).run;
}

const idsOf = (runs: Runs) => runs.list().map(({ id }) => id);
const codeOf = async (promise: Promise<unknown>) =>
  await promise.then(
    () => undefined,
    (error: unknown) => (error instanceof GafferdError ? error.code : error),
  );

test("of too many runs, the one that ended first is dropped, and none that runs", async () => {
  const runs = createRuns({ maxRuns: 3 });
  await start(runs, "running", { cmd: "sleep 60" });
  const slow = await start(runs, "slow", { cmd: "sleep 0.2" });
  const fast = await start(runs, "fast", { cmd: "true" });
  await Promise.all([slow.ended, fast.ended]);
  await start(runs, "next", { cmd: "sleep 60" });
  expect(idsOf(runs)).toEqual(["running", "slow", "next"]);
  await start(runs, "last", { cmd: "sleep 60" });
  expect(await codeOf(start(runs, "more", { cmd: "true" }))).toBe("overloaded");
  expect(idsOf(runs)).toEqual(["running", "next", "last"]);
  expect(manager?.runs.all).toHaveLength(3);
});

test("a run is forgotten when `keep` is over after its end, and its output with it", async () => {
  const runs = createRuns();
  const [short, long] = [
    await start(runs, "short", { cmd: "echo x", keep: 0.05 }),
    await start(runs, "long", { cmd: "echo x" }),
  ];
  await Promise.all([short.ended, long.ended]);
  await waitFor(() => idsOf(runs).length === 1, "the end of the short one");
  expect(idsOf(runs)).toEqual(["long"]);
  expect(manager?.runs.all).toHaveLength(1);
  expect(() => manager?.findProcess(1)).toThrow();
});

test("a run that leaves processes with `kill_mode = process` ends although they hold its output open", async () => {
  const runs = createRuns();
  const run = await start(runs, "a", { cmd: "sleep 1 & exit 4", shell: true, kill_mode: "process" });
  await run.ended;
  expect(run.state).toBe("exited");
  expect(run.facts.exit).toMatchObject({ status: { exitCode: 4 }, endedBy: "itself" });
});

test("the first cause of an end is kept", async () => {
  const runs = createRuns();
  const run = await start(runs, "a", {
    cmd: "trap '' TERM; sleep 60 & wait; wait",
    shell: true,
    graceful_timeout: 0.2,
  });
  const stopping = runs.stop(run, "timeout");
  await runs.stop(run, "request");
  await stopping;
  expect(run.facts.exit?.endedBy).toBe("timeout");
  expect(runs.counts.ended).toMatchObject({ timeout: 1, request: 0 });
});

test("a request to delete a run while it starts waits for it, and leaves nothing", async () => {
  const runs = createRuns();
  const starting = start(runs, "a", { cmd: "sleep 60" });
  expect(await runs.remove("a")).toBe(true);
  await starting;
  expect([idsOf(runs), manager?.runningIds()]).toEqual([[], []]);
});

test("input that the process does not read ends with the process", async () => {
  const runs = createRuns();
  const run = await start(runs, "a", { cmd: "true", stdin: "x".repeat(500_000) });
  await run.ended;
  expect(run.facts.exit?.status).toEqual({ exitCode: 0 });
});
