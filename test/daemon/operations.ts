import { expect } from "bun:test";
import fc from "fast-check";
import type { Client } from "../../src/client/client.ts";
import { fileNames, type Fleet, httpNames, type Model, names, type Wanted } from "./fleet.ts";

/** A daemon that runs the file of a fleet. */
export interface Real {
  readonly client: Client;
  /** Reloads the file, and resolves when it has been applied. */
  reload(): Promise<unknown>;
  /** The current readers. */
  readonly tails: Set<AbortController>;
}

type Step = fc.AsyncCommand<Model, Real>;

const name = fc.constantFrom(...names);
const httpName = fc.constantFrom(...httpNames);
const count = fc.nat(3);
const version = fc.nat(999);

function change(model: Model, template: string, to: Partial<Wanted>): void {
  const wanted = model.templates.get(template) ?? { count: 0, version: 0, isUp: true };
  model.templates.set(template, { ...wanted, ...to });
}

/** A step that requires the template to exist. */
const onTemplate = (title: string, template: string, act: (model: Model, real: Real) => Promise<void>): Step => ({
  check: (model) => model.templates.has(template),
  run: async (model, real) => await act(model, real),
  toString: () => `${title} ${template}`,
});

/** All operations of users and programs on a daemon. */
export function operationsOn(fleet: Fleet): fc.Arbitrary<Step>[] {
  return [
    fc.record({ template: httpName, count, version, isUp: fc.boolean() }).map(({ template, ...wanted }) => ({
      check: (model) => !model.templates.has(template),
      async run(model, { client }) {
        await client.create({ name: template, ...fleet.settings(template, wanted), start: wanted.isUp });
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
      onTemplate("crash a process of", template, async (_, { client }) => {
        const first = await firstProcess(client, template);
        if (first !== undefined) kill(first.os_pid);
      }),
    ),
    name.map((template) =>
      onTemplate("stop a process of", template, async (_, { client }) => {
        const first = await firstProcess(client, template);
        if (first !== undefined) await client.stop(first.pid).catch(() => {});
      }),
    ),
    fc.record({ template: name, count, version }).map(({ template, ...wanted }) =>
      onTemplate(`update ${JSON.stringify(wanted)}`, template, async (model, { client }) => {
        await client.update(template, fleet.settings(template, { ...wanted, isUp: true }));
        change(model, template, wanted);
      }),
    ),
    name.map((template) =>
      onTemplate("delete", template, async (model, { client }) => {
        await client.remove(template);
        model.templates.delete(template);
      }),
    ),
    fc
      .dictionary(fc.constantFrom(...fileNames), fc.record({ count, version, isUp: fc.constant(true) }))
      .map((next) => reloadTo(new Map(Object.entries(next)), fleet)),
    name.map((template) =>
      onTemplate("read", template, async (_, { client, tails }) => {
        const abort = new AbortController();
        tails.add(abort);
        void read(client, template, abort.signal);
      }),
    ),
    fc.constant<Step>({
      check: () => true,
      run: async (model) => await fleet.settle(model),
      toString: () => "settle",
    }),
  ];
}

function reloadTo(after: Map<string, Wanted>, fleet: Fleet): Step {
  return {
    check: () => true,
    async run(model, { reload }) {
      await fleet.writeFile(after);
      await reload();
      for (const template of model.file.keys()) if (!after.has(template)) model.templates.delete(template);
      for (const [template, { count: processes, version: of }] of after) {
        change(model, template, { count: processes, version: of });
      }
      model.file = after;
    },
    toString: () => `reload ${JSON.stringify(Object.fromEntries(after))}`,
  };
}

async function firstProcess(client: Client, template: string) {
  return (await client.describe()).find((each) => each.name === template)?.processes[0];
}

/** The process may have exited. */
function kill(osPid: number): void {
  try {
    process.kill(osPid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

async function read(client: Client, template: string, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of client.tail(template, { signal })) if (signal.aborted) return;
  } catch {
    // Its template was deleted.
  }
}
