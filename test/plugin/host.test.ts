import { expect, test } from "bun:test";
import { loadConfig } from "../../src/config/config.ts";
import { EventBus } from "../../src/events/bus.ts";
import { createPluginApi } from "../../src/http/plugins/plugin-api.ts";
import { Manager } from "../../src/manager/manager.ts";
import { Sampler } from "../../src/process/usage/sampler.ts";
import { openPlugins } from "../../src/plugin/host.ts";
import { createFolder, type Files, source } from "./starting.ts";

/** Plugins without a daemon. An app may take 50 ms to start and to stop. */
async function open(files: Files) {
  const folder = createFolder(files);
  const lines: string[] = [];
  const to = (level: string) => (message: string, cause?: unknown) =>
    void lines.push(`${level} ${message}${cause instanceof Error ? `: ${cause.message}` : ""}`);
  const log = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
  const bus = new EventBus((error) => log.error("an event listener failed", error));
  const host = await openPlugins({
    config: loadConfig(undefined, { pluginsDir: folder.path }),
    version: "1.2.3",
    manager: new Manager({ bus, log }),
    bus,
    sampler: new Sampler(),
    api: async () => new Response(),
    log,
    modules: { gafferd: () => import("../../src/index.ts") },
    bundledFolder: folder.path,
    openApi: createPluginApi,
    limits: { startMs: 50, stopMs: 50 },
  });
  return { host, lines, bus, [Symbol.dispose]: () => folder[Symbol.dispose]() };
}

const never = "await new Promise(() => {});";

test("a stop that takes too long is logged, and what the app left open is closed", async () => {
  using opened = await open({
    "a/plugin/index.ts": source("a"),
    "slow/plugin/index.ts": source("slow", { start: `manager.subscribe(".", () => {});`, stop: never }),
  });
  const { host, lines, bus } = opened;
  await host.start();
  expect(bus.listenerCount).toBe(1);
  await host.stop();
  expect(bus.listenerCount).toBe(0);
  expect(lines.slice(2)).toEqual([
    "info plugin slow: stop",
    "error plugin slow: cannot stop cleanly; continuing without it: it took longer than 0.05 s",
    "info plugin a: stop",
  ]);
});

test("a start that takes too long fails, and the plugins before it are stopped", async () => {
  using opened = await open({
    "a/plugin/index.ts": source("a"),
    "slow/plugin/index.ts": source("slow", { start: never }),
  });
  const { host, lines } = opened;
  await expect(host.start()).rejects.toThrow(/^cannot start the plugin `slow` in .*: it took longer than 0.05 s$/);
  expect(lines).toEqual(["info plugin a: start", "info plugin slow: start", "info plugin a: stop"]);
  expect(host.installed.list().map(({ state }) => state)).toEqual(["stopped", "failed"]);
});

test("a stop during a restart waits for it, so that nothing starts afterwards", async () => {
  using opened = await open({ "a/plugin/index.ts": source("a", { start: "await Bun.sleep(5);" }) });
  const { host, lines } = opened;
  await host.start();
  await Promise.all([host.restart(), host.stop()]);
  expect(lines.map((line) => line.replace("info plugin a: ", ""))).toEqual(["start", "stop", "start", "stop"]);
});

test("a restart after a stop, as by SIGHUP while gafferd stops, starts nothing", async () => {
  using opened = await open({ "a/plugin/index.ts": source("a") });
  const { host, lines } = opened;
  await host.start();
  await Promise.all([host.stop(), host.restart()]);
  expect(lines).toEqual(["info plugin a: start", "info plugin a: stop"]);
});

test("the plugin that threw is found from the stack, also of causes", async () => {
  using opened = await open({
    "a/plugin/index.ts": source("a", { more: "fail() { throw new Error('x'); }" }),
    "ab/plugin/index.ts": source("ab", { start: "globalThis.failing = () => { throw new Error('deep'); };" }),
  });
  const { host } = opened;
  await host.start();
  const { failing } = globalThis as unknown as { failing: () => void };
  const caught = (() => {
    try {
      return failing();
    } catch (error) {
      return error;
    }
  })();
  expect(host.culpritOf(caught)).toBe("ab");
  expect(host.culpritOf(new Error("outer", { cause: caught }))).toBe("ab");
  expect(host.culpritOf(new Error("ours"))).toBeUndefined();
  expect(host.culpritOf("a text")).toBeUndefined();
  await host.stop();
});
