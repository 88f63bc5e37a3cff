import { onBehalfOf } from "../actor.ts";
import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import { matches, parsePattern } from "../events/pattern.ts";
import type { Logger } from "../log.ts";
import { inputUnits, writeInput } from "../manager/input.ts";
import type { Manager } from "../manager/manager.ts";
import { processSource, templateSource } from "../reading/output-source.ts";
import type { Sampler } from "../process/usage/sampler.ts";
import { parseTemplate } from "../template/schema.ts";
import { parseSignal } from "../template/signals.ts";
import type { PluginManager } from "./plugin-manager.ts";
import { readOutput } from "./output.ts";
import { toProcessView, toTemplateView } from "./views.ts";

export interface LendOptions {
  /** Name of the plugin. */
  readonly name: string;
  readonly manager: Manager;
  readonly bus: EventBus;
  readonly sampler: Sampler;
  /** The HTTP API, without access checks. */
  readonly api: (request: Request) => Promise<Response>;
  readonly log: Logger;
}

/** A manager for an app, from its start to its stop. */
export interface LentManager {
  readonly manager: PluginManager;
  /** Ends its subscriptions and readers. After that every method throws `gone`. */
  revoke(): void;
}

/** Calls within this time share one sample of the machine's processes. */
const usageFreshMs = 500;

/** Creates the manager for a plugin's app. `revoke` ends everything that the app does with it. */
export function lendManager({ name, manager, bus, sampler, api, log }: LendOptions): LentManager {
  const lifetime = new AbortController();
  const { signal: ended } = lifetime;
  const own = prefixed(log, name);

  /** The full manager. Throws `gone` after `revoke`. */
  const use = (): Manager => {
    if (!ended.aborted) return manager;
    throw new GafferdError("gone", `the plugin \`${name}\` has stopped, so its manager can no longer be used`);
  };
  const act = <Result>(change: () => Result) => onBehalfOf(`plugin:${name}`, change);
  const read = (target: string | number) => {
    if (typeof target === "string") return templateSource(use().get(target));
    const { supervisor, process } = use().findProcess(target);
    return processSource(supervisor, process);
  };

  const lent: PluginManager = {
    log: own,
    names: () => [...use().names()],
    template: (template) => toTemplateView(use().get(template)),
    process: (id) => toProcessView(use().findProcess(id).process),
    async usage(target) {
      const processes = typeof target === "string" ? use().get(target).processes : [use().findProcess(target).process];
      const sample = await sampler.sample(processes, usageFreshMs);
      return processes.flatMap(({ id, osPid }) => {
        const usage = sample.usageOf(osPid);
        return usage === undefined ? [] : [{ id, ...usage }];
      });
    },

    create: (template) =>
      use().create(parseTemplate(template, { defaultCwd: process.cwd() }), { source: `plugin:${name}` }),
    update: async (template, settings) =>
      await act(() => use().update(template, parseTemplate(settings, { defaultCwd: process.cwd(), name: template }))),
    delete: async (template) => await act(() => use().delete(template)),
    start: (template) => use().start(template),
    stop: async (template) => await act(() => use().stop(template)),
    restart: async (template, { spawnFirst = false } = {}) => await act(() => use().restart(template, { spawnFirst })),
    scale: async (template, delta) => await act(() => use().scale(template, wholeNumber(delta))),
    signal: (target, signal, options) => act(() => use().signal(target, parseSignal(signal).number, options)),
    stopProcess: async (id) => await act(() => use().stopProcess(id)),
    async write(id, input) {
      await writeInput(use().findProcess(id).process, inputUnits(Buffer.from(input as string)));
    },

    subscribe(pattern, listener) {
      use();
      const wanted = parsePattern([pattern]);
      const report = (error: unknown) => own.error(`a listener of \`${pattern}\` failed`, error);
      const unsubscribe = bus.subscribe((event) => {
        if (!matches(wanted, event)) return;
        try {
          // A copy, so that no listener can change the event for others.
          const result = listener({ ...event });
          if (result instanceof Promise) result.catch(report);
        } catch (error) {
          report(error);
        }
      });
      const end = () => {
        ended.removeEventListener("abort", end);
        unsubscribe();
      };
      ended.addEventListener("abort", end);
      return end;
    },
    async fetch(request) {
      use();
      return await api(request);
    },
    read: (target, options = {}) => readOutput(read(target), options, ended),
  };
  return { manager: Object.freeze(lent), revoke: () => lifetime.abort() };
}

/** No schema checks the `delta` that plugin code passes to `scale`. */
function wholeNumber(delta: number): number {
  if (Number.isSafeInteger(delta)) return delta;
  throw new GafferdError("bad_value", `\`delta\` must be a whole number, not ${delta}`, { field: "delta" });
}

/** `plugin dummy: hello` */
export function prefixed(log: Logger, name: string): Logger {
  const to =
    (level: keyof Logger) =>
    (message: string, ...cause: [unknown?]) =>
      log[level](`plugin ${name}: ${message}`, ...cause);
  return { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
}
