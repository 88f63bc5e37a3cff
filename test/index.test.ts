import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig, OutputReader, parseTemplate, processSource, startDaemon } from "gafferd";
import { silentLog } from "./supervisor/hosting.ts";
import { waitFor } from "./wait-for.ts";

test("another program can import gafferd by its package name and run it", async () => {
  const config = loadConfig(undefined, { bind: "127.0.0.1:0" });
  const daemon = await startDaemon({ config, version: "1.0.0", log: silentLog });
  const types: string[] = [];
  daemon.bus.subscribe((event) => types.push(event.type));
  const body = { name: "hello", cmd: "echo hello", redirect_output: ["out"], restart: "never" };
  daemon.manager.create(parseTemplate(body, { defaultCwd: "/" }));
  const { supervisor, process } = daemon.manager.findProcess(1);
  await waitFor(() => process.outputEnded, "the end of its output");
  const reader = new OutputReader(processSource(supervisor, process), {
    start: { kind: "held" },
    unit: "lines",
    onReady: () => {},
  });
  const item = reader.next(1024, Date.now());
  expect(item?.kind === "bytes" && Buffer.from(item.ring.copy(item.from, item.to)).toString()).toBe("hello\n");
  reader.close();
  expect(await (await fetch(`${daemon.urls[0]}/`)).json()).toMatchObject({ welcome: "gaffer", version: "1.0.0" });
  await daemon.stop();
  expect(types).toEqual(["create", "start", "spawn", "exit", "stop"]);
});

test("an embedded daemon loads plugins that use the same classes as the program", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-index-"));
  try {
    mkdirSync(join(folder, "p/plugin"), { recursive: true });
    const source = `import { Plugin } from "gafferd"; export class P extends Plugin { name = "p"; version = "7"; }`;
    writeFileSync(join(folder, "p/plugin/index.ts"), source);
    const daemon = await startDaemon({
      config: loadConfig(undefined, { bind: "127.0.0.1:0", pluginsDir: folder }),
      version: "1.0.0",
      log: silentLog,
      pluginModules: { gafferd: () => import("gafferd") },
    });
    expect(daemon.plugins.find("p")).toMatchObject({ version: "7", state: "running", bundled: false });
    expect(daemon.plugins.find("memory-guard")).toMatchObject({ bundled: true });
    await daemon.stop();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
