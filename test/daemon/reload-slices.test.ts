import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, loadConfigInSlices } from "../../src/config/config.ts";
import { type Daemon, startDaemon } from "../../src/daemon.ts";
import { recordLog } from "../recorded-log.ts";
import { countTurns } from "../take-slices.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-reload-slices-"));
const file = join(folder, "gaffer.ini");
const running: Daemon[] = [];

afterEach(async () => {
  for (const daemon of running.splice(0)) await daemon.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (count: number, settings = "start = false") => {
  const section = (_: unknown, index: number) => `[process:p${index}]\ncmd = sleep 60\n${settings}\n`;
  return Bun.write(file, `[endpoint:main]\nbind = 127.0.0.1:0\n${Array.from({ length: count }, section).join("")}`);
};

async function run() {
  const { log, logged } = recordLog();
  const readConfig = () => loadConfigInSlices(file);
  const daemon = await startDaemon({ config: loadConfig(file), version: "1.0.0", log, readConfig });
  running.push(daemon);
  return { daemon, logged };
}

test("a large file that is read in slices gives the same configuration, and the event loop has turns meanwhile", async () => {
  await write(1000);
  let config: unknown;
  const turns = await countTurns(async () => (config = await loadConfigInSlices(file)));
  expect(turns).toBeGreaterThan(3);
  expect(Bun.deepEquals(config, loadConfig(file), true)).toBe(true);
});

test("other requests are answered while many sections are reloaded", async () => {
  await write(0);
  const { daemon } = await run();
  await write(1500);
  const pending = new Set(["reload"]);
  const reload = daemon.reload().finally(() => pending.clear());
  let pings = 0;
  while (pending.size > 0) {
    expect(await (await fetch(`${daemon.urls[0]}/ping`)).text()).toBe("OK");
    pings += 1;
  }
  expect((await reload).added).toHaveLength(1500);
  expect(daemon.manager.names()).toHaveLength(1500);
  expect(pings).toBeGreaterThan(5);
});

test("a stop while the configuration is applied rejects the reload, and no process is left", async () => {
  await write(0);
  const { daemon, logged } = await run();
  await write(30, "start = true");
  let stopped: Promise<void> | undefined;
  daemon.bus.subscribe((event) => {
    if (event.type === "spawn") stopped ??= daemon.stop();
  });
  await expect(daemon.reload()).rejects.toMatchObject({ code: "overloaded" });
  await stopped;
  expect(daemon.manager.names().length).toBeLessThan(30);
  expect(daemon.manager.runningIds()).toEqual([]);
  expect(logged.filter(({ line }) => line.startsWith("error"))).toEqual([]);
});

test("a template that is changed by a request during a reload has the settings of one of them", async () => {
  await write(3);
  const { daemon } = await run();
  await write(3, "start = false\nenv:A = file");
  const byRequest = { ...daemon.manager.get("p2").template, env: { A: "request" } };
  let updated: Promise<void> | undefined;
  daemon.bus.subscribe((event) => {
    if (event.type === "update" && event.name === "p0") updated ??= daemon.manager.update("p2", byRequest);
  });
  await daemon.reload();
  await updated;
  // Whichever came last.
  expect(["file", "request"]).toContain(daemon.manager.get("p2").template.env["A"] ?? "");
  await daemon.reload();
  expect(daemon.manager.get("p2").template.env).toEqual({ A: "file" });
});
