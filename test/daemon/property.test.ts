import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../src/client/client.ts";
import { loadConfig } from "../../src/config/config.ts";
import { startDaemon } from "../../src/daemon.ts";
import { procEntries } from "../../src/process/usage/proc-entries.ts";
import { startGafferd } from "../cli/running.ts";
import { readExposition } from "../http/metrics/exposition.ts";
import { commandLineOf } from "../process/spawn/command-line.ts";
import { openFds, zombies } from "../process/observe.ts";
import { silentLog } from "../supervisor/hosting.ts";
import { waitFor } from "../wait-for.ts";
import { Fleet, type Model } from "./fleet.ts";
import { operationsOn, type Real } from "./operations.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-property-"));
afterAll(() => rmSync(folder, { recursive: true }));

const title = "after any operations in any order, exactly the wanted processes run";

/** This many daemons run at the same time, each with operations and processes of its own. */
const lanes = [1, 2, 3, 4];

test(
  title,
  async () => {
    const fleets = lanes.map((digit) => createFleet({ digit, escapes: false }));
    await fc.assert(
      fc.asyncProperty(commandsOf(fleets, 40), async (lists) => {
        const fds = openFds();
        await together(fleets.map((fleet, lane) => runInProcess(fleet, lists[lane] ?? [])));
        await waitFor(() => zombies() === 0, "the last zombie to be reaped");
        await waitFor(() => openFds() <= fds, "the last descriptor to be closed").catch(() =>
          expect(openFds()).toBe(fds),
        );
      }),
      { numRuns: 10, endOnFailure: true },
    );
  },
  120_000,
);

test(`${title}: of a separate gafferd, which finds escaped processes`, async () => {
  const fleets = lanes.map((lane) => createFleet({ digit: 4 + lane, escapes: true }));
  await fc.assert(
    fc.asyncProperty(commandsOf(fleets, 30), async (lists) => {
      await together(fleets.map((fleet, lane) => runSeparately(fleet, lists[lane] ?? [])));
    }),
    { numRuns: 2, endOnFailure: true },
  );
}, 120_000);

interface Lane {
  readonly fleet: Fleet;
  readonly path: string;
  readonly stateDir: string;
}

type Commands = Iterable<fc.AsyncCommand<Model, Real>>;

function createFleet({ digit, escapes }: { digit: number; escapes: boolean }): Lane {
  const [path, stateDir] = [join(folder, `${digit}.ini`), join(folder, `state-${digit}`)];
  const head = `[gaffer]\nstate_dir = ${stateDir}\n[endpoint:main]\nbind = 127.0.0.1:0\n`;
  return { fleet: new Fleet({ digit, path, head, escapes }), path, stateDir };
}

function commandsOf(fleets: readonly Lane[], maxCommands: number): fc.Arbitrary<Commands[]> {
  return fc.tuple(...fleets.map(({ fleet }) => fc.commands(operationsOn(fleet), { maxCommands, size: "max" })));
}

/** Like `Promise.all`, but waits for all of them before it fails. */
async function together(runs: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(runs);
  await Promise.all(runs);
}

async function runInProcess({ fleet, path }: Lane, commands: Commands): Promise<void> {
  const model = await fleet.begin();
  const readConfig = () => loadConfig(path);
  const daemon = await startDaemon({ config: readConfig(), version: "0.0.0", log: silentLog, readConfig });
  const listeners = daemon.bus.listenerCount;
  const client = createClient(daemon.urls[0] ?? "");
  const real: Real = { client, reload: () => client.reload(), tails: new Set() };
  try {
    await fc.asyncModelRun(() => ({ model, real }), commands);
    await fleet.settle(model);
    expect(daemon.manager.names().toSorted()).toEqual([...model.templates.keys()].toSorted());
  } finally {
    for (const tail of real.tails) tail.abort();
    await daemon.stop();
  }
  expect(fleet.sleeps()).toEqual(new Map());
  expect(daemon.manager.readerCount()).toBe(0);
  // Those of the copies of output and of the journal are gone too.
  expect(daemon.bus.listenerCount).toBe(listeners - 2);
}

async function runSeparately({ fleet, path, stateDir }: Lane, commands: Commands): Promise<void> {
  // Templates made over HTTP would come back in the next run.
  rmSync(stateDir, { recursive: true, force: true });
  const model = await fleet.begin();
  await using gafferd = await startGafferd([path]);
  const client = createClient(gafferd.url);
  const reloads = () => gafferd.err().split("reloaded on SIGHUP").length;
  const reload = async () => {
    const before = reloads();
    gafferd.kill("SIGHUP");
    await waitFor(() => reloads() > before, "the reload");
  };
  const real: Real = { client, reload, tails: new Set() };
  await fleet.settle(model);
  await client.stop("four");
  await client.stop("group:five");
  const fds = descriptors(gafferd.osPid);
  await client.start("four");
  await client.start("group:five");

  await fc.asyncModelRun(() => ({ model, real }), commands);
  await fleet.settle(model);
  expect((await client.processes()).toSorted()).toEqual([...model.templates.keys()].toSorted());
  expect(strangersBelow(gafferd.osPid)).toEqual([expect.stringContaining("gafferd-guardian")]);

  for (const tail of real.tails) tail.abort();
  for (const name of await client.processes()) await client.stop(name);
  await waitFor(() => zombies(gafferd.osPid) === 0, "the last zombie to be reaped");
  await waitFor(async () => (await readersOf(gafferd.url)) === 0, "the last reader to go");
  await waitFor(() => descriptors(gafferd.osPid) <= fds, "the last descriptor to be closed").catch(() =>
    expect(descriptors(gafferd.osPid)).toBe(fds),
  );
  for (const name of await client.processes()) await client.start(name);
  gafferd.kill("SIGTERM");
  expect(await gafferd.exited).toBe(0);
  expect(fleet.sleeps()).toEqual(new Map());
  expect(readdirSync(join(stateDir, "runs"))).toEqual([]);
}

/** Except sockets and the files of the database: the number of connections changes with the clients. */
function descriptors(osPid: number): number {
  const links = readdirSync(`/proc/${osPid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${osPid}/fd/${fd}`);
    } catch {
      return "socket:"; // It was closed meanwhile.
    }
  });
  return links.filter((link) => !link.startsWith("socket:") && !link.includes(".sqlite")).length;
}

/** The command lines of its running children that are not sleeps. */
function strangersBelow(osPid: number): string[] {
  return [...procEntries()]
    .filter(({ parentOsPid }) => parentOsPid === osPid)
    .map((child) => commandLineOf(child.osPid).join(" "))
    .filter((line) => !line.startsWith("sleep "));
}

async function readersOf(url: string): Promise<number> {
  const exposition = readExposition(await (await fetch(`${url}/metrics`)).text());
  const counts = Object.values(exposition.by("gafferd_template_readers", ({ template = "" }) => template));
  return counts.reduce((sum, count) => sum + count, 0);
}
