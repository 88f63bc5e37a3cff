import { afterAll, expect, test } from "bun:test";
import fc from "fast-check";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, createClient } from "../../src/client/client.ts";
import { loadConfig } from "../../src/config/config.ts";
import { type Daemon, startDaemon } from "../../src/daemon.ts";
import { openFds, zombies } from "../process/observe.ts";
import { waitFor } from "../wait-for.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-property-"));
const path = join(folder, "gaffer.ini");
const readConfig = () => loadConfig(path);
afterAll(() => rmSync(folder, { recursive: true }));

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** What a template is to be: `count` processes of `version`, if it is up. Each runs `children` sleeps and a shell. */
interface Wanted {
  readonly count: number;
  readonly version: number;
  readonly isUp: boolean;
}

/** What an operator believes. */
interface Model {
  templates: Map<string, Wanted>;
  file: Map<string, Wanted>;
}

interface Real {
  readonly daemon: Daemon;
  readonly client: Client;
  /** Those that read at the moment. */
  readonly tails: Set<AbortController>;
}

type Step = fc.AsyncCommand<Model, Real>;

const httpNames = ["one", "group:two", "three"] as const;
const fileNames = ["four", "group:five"] as const;
const names = [...httpNames, ...fileNames];
const sleepsOfEach = 2;

/** A number of seconds that is in nobody else's command line: this run's, a template's and its version's. */
const mark = (name: string, version: number) =>
  `9${process.pid}${names.indexOf(name as (typeof names)[number])}.${String(version).padStart(3, "0")}`;

/** A shell with two children, one of them behind its back. */
const command = (name: string, version: number) =>
  `sh -c "echo up; sleep ${mark(name, version)} & exec sleep ${mark(name, version)}"`;

const settings = (name: string, { count, version }: Wanted) => ({
  cmd: command(name, version),
  numprocesses: count,
  redirect_output: ["out"],
  graceful_timeout: 5,
});

/** How many sleeps there are of each mark; zombies do not count. */
function sleeps(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const osPid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    let words: string[];
    try {
      words = readFileSync(`/proc/${osPid}/cmdline`, "latin1").split("\0");
    } catch {
      // It has ended meanwhile.
      continue;
    }
    const [program = "", seconds = ""] = words;
    if (program !== "sleep" || !seconds.startsWith(`9${process.pid}`)) continue;
    counts.set(seconds, (counts.get(seconds) ?? 0) + 1);
  }
  return counts;
}

function wantedSleeps({ templates }: Model): Map<string, number> {
  const up = [...templates].filter(([, { isUp, count }]) => isUp && count > 0);
  return new Map(up.map(([name, { count, version }]) => [mark(name, version), count * sleepsOfEach]));
}

async function settle(model: Model): Promise<void> {
  let seen = sleeps();
  await waitFor(() => Bun.deepEquals((seen = sleeps()), wantedSleeps(model)), "what is wanted, and nothing else").catch(
    () => expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(wantedSleeps(model))),
  );
}

const name = fc.constantFrom(...names);
const httpName = fc.constantFrom(...httpNames);
const count = fc.nat(3);
const version = fc.nat(999);
const has = (model: Readonly<Model>, template: string) => model.templates.has(template);

function change(model: Model, template: string, to: Partial<Wanted>): void {
  const wanted = model.templates.get(template) ?? { count: 0, version: 0, isUp: true };
  model.templates.set(template, { ...wanted, ...to });
}

/** A step that is taken when there is the template. */
const onTemplate = (
  title: string,
  template: string,
  act: (model: Model, real: Real) => void | Promise<void>,
): Step => ({
  check: (model) => has(model, template),
  run: async (model, real) => await act(model, real),
  toString: () => `${title} ${template}`,
});

const steps: fc.Arbitrary<Step>[] = [
  fc.record({ template: httpName, count, version, isUp: fc.boolean() }).map(({ template, ...wanted }) => ({
    check: (model) => !has(model, template),
    async run(model, { client }) {
      await client.create({ name: template, ...settings(template, wanted), start: wanted.isUp });
      model.templates.set(template, wanted);
    },
    toString: () => `create ${template} ${JSON.stringify(wanted)}`,
  })),
  name.map((template) =>
    onTemplate("start", template, async (model, { client }) => {
      await client.start(template);
      change(model, template, { isUp: true });
    }),
  ),
  name.map((template) =>
    onTemplate("stop", template, async (model, { client }) => {
      await client.stop(template);
      change(model, template, { isUp: false });
    }),
  ),
  fc.tuple(name, fc.boolean()).map(([template, spawnFirst]) =>
    onTemplate("restart", template, async (model, { client }) => {
      await client.restart(template, { spawnFirst });
      change(model, template, { isUp: true });
    }),
  ),
  fc.tuple(name, fc.integer({ min: -2, max: 2 })).map(([template, delta]) =>
    onTemplate(`scale by ${delta}`, template, async (model, { client }) => {
      const now = delta < 0 ? await client.sub(template, -delta) : await client.add(template, delta);
      const before = model.templates.get(template)?.count ?? 0;
      expect(now).toBe(Math.max(0, before + delta));
      change(model, template, { count: now });
    }),
  ),
  fc
    .tuple(name, fc.constantFrom("HUP", "TERM", "KILL"))
    .map(([template, signal]) =>
      onTemplate(`signal ${signal}`, template, async (_, { client }) => await client.signal(template, signal)),
    ),
  name.map((template) =>
    onTemplate("crash a process of", template, (_, { daemon }) => {
      const [first] = daemon.manager.get(template).processes;
      if (first !== undefined) process.kill(first.osPid, "SIGKILL");
    }),
  ),
  name.map((template) =>
    onTemplate("stop a process of", template, async (_, { daemon, client }) => {
      const [first] = daemon.manager.get(template).processes;
      if (first !== undefined) await client.stop(first.id).catch(() => {});
    }),
  ),
  fc.record({ template: name, count, version }).map(({ template, ...wanted }) =>
    onTemplate(`update ${JSON.stringify(wanted)}`, template, async (model, { client }) => {
      await client.update(template, settings(template, { ...wanted, isUp: true }));
      change(model, template, wanted);
    }),
  ),
  name.map((template) =>
    onTemplate("delete", template, async (model, { client }) => {
      await client.remove(template);
      model.templates.delete(template);
    }),
  ),
  fc.dictionary(fc.constantFrom(...fileNames), fc.record({ count, version, isUp: fc.constant(true) })).map((next) => ({
    check: () => true,
    async run(model, { client }) {
      const after = new Map(Object.entries(next));
      await writeFile(after);
      await client.reload();
      for (const template of model.file.keys()) if (!after.has(template)) model.templates.delete(template);
      for (const [template, wanted] of after) {
        if (Bun.deepEquals(model.file.get(template), wanted)) continue;
        const { count: now, version: of } = wanted;
        change(model, template, { count: now, version: of });
      }
      model.file = after;
    },
    toString: () => `reload ${JSON.stringify(next)}`,
  })),
  name.map((template) =>
    onTemplate("read", template, (_, { client, tails }) => {
      const abort = new AbortController();
      tails.add(abort);
      void read(client, template, abort.signal);
    }),
  ),
  fc.constant<Step>({
    check: () => true,
    run: async (model) => await settle(model),
    toString: () => "settle",
  }),
];

async function writeFile(templates: ReadonlyMap<string, Wanted>): Promise<void> {
  const sections = [...templates].map(([template, wanted]) => {
    const { cmd, numprocesses, graceful_timeout } = settings(template, wanted);
    return `[process:${template}]\ncmd = ${cmd}\nnumprocesses = ${numprocesses}\nredirect_output = out\ngraceful_timeout = ${graceful_timeout}\n`;
  });
  await Bun.write(path, `[endpoint:main]\nbind = 127.0.0.1:0\n${sections.join("")}`);
}

async function read(client: Client, template: string, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of client.tail(template, { signal })) if (signal.aborted) return;
  } catch {
    // Its template was deleted.
  }
}

test("whatever is done in whatever order, the wanted processes are alive at the end and nothing else is", async () => {
  await fc.assert(
    fc.asyncProperty(fc.commands(steps, { maxCommands: 40, size: "max" }), async (commands) => {
      const file = new Map(fileNames.map((template) => [template, { count: 2, version: 0, isUp: true }]));
      await writeFile(file);
      const fds = openFds();
      const daemon = await startDaemon({ config: readConfig(), version: "0.0.0", log: silent, readConfig });
      const listeners = daemon.bus.listenerCount;
      const client = createClient(daemon.urls[0] ?? "");
      const real: Real = { daemon, client, tails: new Set() };
      const model: Model = { templates: new Map(file), file };
      try {
        await fc.asyncModelRun(() => ({ model, real }), commands);
        await settle(model);
        expect(daemon.manager.names().toSorted()).toEqual([...model.templates.keys()].toSorted());
      } finally {
        for (const tail of real.tails) tail.abort();
        await daemon.stop();
      }
      expect(sleeps()).toEqual(new Map());
      expect(daemon.manager.readerCount()).toBe(0);
      expect(daemon.bus.listenerCount).toBe(listeners);
      await waitFor(() => zombies() === 0, "the last zombie to be reaped");
      await waitFor(() => openFds() <= fds, "the last descriptor to be closed").catch(() =>
        expect(openFds()).toBe(fds),
      );
    }),
    { numRuns: 40, endOnFailure: true },
  );
}, 120_000);
