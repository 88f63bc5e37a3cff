import { Database } from "bun:sqlite";
import { afterEach, describe, expect, spyOn, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../src/client/client.ts";
import { loadConfig } from "../../src/config/config.ts";
import { startDaemon } from "../../src/daemon.ts";
import { TemplateRows } from "../../src/manager/template-rows.ts";
import type { TemplateSource } from "../../src/manager/template-source.ts";
import { storePath } from "../../src/store/store.ts";
import { sampleTemplate } from "../process/sample-template.ts";
import { recordWarnings } from "../recorded-log.ts";
import { waitFor } from "../wait-for.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with a configuration file, in which one daemon after the other runs. */
function createHost(sections = "") {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-stored-"));
  folders.push(folder);
  const [file, stateDir] = [join(folder, "gaffer.ini"), join(folder, "state")];
  const write = (text: string) => writeFileSync(file, `[gaffer]\nstate_dir = ${stateDir}\n${text}`);
  write(sections);
  const readConfig = () => loadConfig(file, { bind: "127.0.0.1:0" });
  return {
    file,
    path: storePath(stateDir),
    write,
    async start() {
      const { log, warnings } = recordWarnings();
      const daemon = await startDaemon({ config: readConfig(), version: "1.2.3", log, keepState: true, readConfig });
      const client = createClient({ url: daemon.urls[0] ?? "" });
      return { daemon, client, warnings, [Symbol.asyncDispose]: () => daemon.stop() };
    },
  };
}

const sleeper = { cmd: "sleep 600" };

test("templates made over HTTP are back after a restart, in their order, with their settings, size and wish", async () => {
  const host = createHost("[process:of-file]\ncmd = sleep 600\n");
  let before: unknown;
  {
    await using first = await host.start();
    const { client } = first;
    await client.create({ name: "web", cmd: "sleep 601", env: { KEY: "$a 'b' \n c" }, numprocesses: 2 });
    await client.create({ name: "stopped", ...sleeper });
    await client.create({ name: "gone", ...sleeper });
    await client.create({ name: "never-started", ...sleeper, start: false });
    await client.create({ name: "changed", ...sleeper });
    await client.create({ name: "memory", ...sleeper, persist: false });
    await client.add("web", 1);
    await client.stop("stopped");
    await client.remove("gone");
    await client.update("changed", { cmd: "sleep 602", graceful_timeout: 3 });
    await client.start("never-started");
    before = await client.process("web");
  }
  await using second = await host.start();
  const all = await second.client.describe();
  expect(
    all.map(({ name, source, cmd, numprocesses, processes, status }) => {
      return [name, source, cmd, numprocesses, processes.length, status.stopped];
    }),
  ).toEqual([
    ["of-file", `file:${host.file}:3`, "sleep 600", 1, 1, false],
    ["web", "http", "sleep 601", 3, 3, false],
    ["stopped", "http", "sleep 600", 1, 0, true],
    ["never-started", "http", "sleep 600", 1, 1, false],
    ["changed", "http", "sleep 602", 1, 1, false],
  ]);
  expect(await second.client.process("web")).toEqual(before as (typeof all)[0]);
  expect(second.warnings).toEqual([]);
});

test("the file of the database is readable by its owner alone", async () => {
  const host = createHost();
  await using daemon = await host.start();
  await daemon.client.create({ name: "web", ...sleeper, env: { SECRET: "x" } });
  for (const suffix of ["", "-wal"]) expect(statSync(host.path + suffix).mode & 0o777).toBe(0o600);
});

test("a template whose `persist` is set to false is no longer kept, and the other way round", async () => {
  const host = createHost();
  {
    await using first = await host.start();
    await first.client.create({ name: "a", ...sleeper });
    await first.client.create({ name: "b", ...sleeper, persist: false });
    await first.client.update("a", { ...sleeper, persist: false });
    await first.client.update("b", { ...sleeper, persist: true });
  }
  await using second = await host.start();
  expect(await second.client.processes()).toEqual(["b"]);
});

test("a document of a template can be sent back as it was received", async () => {
  const host = createHost();
  await using daemon = await host.start();
  await daemon.client.create({ name: "a", ...sleeper });
  const document = await daemon.client.process("a");
  await daemon.client.update("a", document);
  expect(await daemon.client.process("a")).toEqual(document);
});

test("a template that has done its work, and is not restarted, is not run again by a restart of gafferd", async () => {
  const host = createHost();
  {
    await using first = await host.start();
    await first.client.create({ name: "job", cmd: "true", restart: "never" });
    await first.client.create({ name: "failed", cmd: "false", restart: "always", backoff: "600s", start: true });
    await waitFor(async () => (await first.client.status("job")).state === "exited", "the end of the job");
  }
  await using second = await host.start();
  expect((await second.client.status("job")).stopped).toBe(true);
  expect((await second.client.status("failed")).stopped).toBe(false);
});

describe("the configuration file wins", () => {
  test("at the start: the log says so, and the template is the file's from then on", async () => {
    const host = createHost();
    {
      await using first = await host.start();
      await first.client.create({ name: "web", cmd: "sleep 601" });
      await first.client.create({ name: "other", cmd: "sleep 601" });
    }
    host.write("[process:web]\ncmd = sleep 602\n");
    {
      await using second = await host.start();
      expect(second.warnings).toEqual([`web: the definition in ${host.file}:3 replaces the one created over HTTP`]);
      expect(await second.client.process("web")).toMatchObject({ cmd: "sleep 602", source: `file:${host.file}:3` });
      expect(await second.client.processes()).toEqual(["web", "other"]);
    }
    host.write("");
    await using third = await host.start();
    expect(await third.client.processes()).toEqual(["other"]);
  });

  test("at a reload: a template that moved in the file has its new line, one that left it is deleted", async () => {
    const host = createHost("[process:of-file]\ncmd = sleep 600\n");
    await using daemon = await host.start();
    await daemon.client.create({ name: "web", cmd: "sleep 601" });
    host.write("; a comment\n[process:web]\ncmd = sleep 602\n[process:of-file]\ncmd = sleep 600\n");
    await daemon.client.reload();
    expect(daemon.warnings).toEqual([`web: the definition in ${host.file}:4 replaces the one created over HTTP`]);
    expect(await daemon.client.process("web")).toMatchObject({ cmd: "sleep 602", source: `file:${host.file}:4` });
    expect((await daemon.client.process("of-file")).source).toBe(`file:${host.file}:6`);
    host.write("");
    await daemon.client.reload();
    expect(await daemon.client.processes()).toEqual([]);
  });

  test("but what was deleted and created again over HTTP stays when its section leaves the file", async () => {
    const host = createHost("[process:web]\ncmd = sleep 600\n");
    {
      await using first = await host.start();
      await first.client.remove("web");
      await first.client.create({ name: "web", cmd: "sleep 601" });
      host.write("");
      await first.client.reload();
      expect((await first.client.process("web")).source).toBe("http");
    }
    await using second = await host.start();
    expect(await second.client.process("web")).toMatchObject({ cmd: "sleep 601", source: "http" });
  });

  test("changes of a template of the file do not outlive a restart", async () => {
    const host = createHost("[process:web]\ncmd = sleep 600\n");
    {
      await using first = await host.start();
      await first.client.add("web", 2);
      await first.client.stop("web");
    }
    await using second = await host.start();
    expect(await second.client.status("web")).toMatchObject({ numprocesses: 1, stopped: false });
  });
});

describe("a template of a plugin", () => {
  const ofPlugin = { source: "plugin:cron" as TemplateSource };
  const template = sampleTemplate({ name: "job", cmd: "sleep 600" });

  test("is back after a restart, and the plugin may create it again once, which replaces the settings", async () => {
    const host = createHost();
    {
      await using first = await host.start();
      first.daemon.manager.create(template, ofPlugin);
      await first.client.add("job", 1);
    }
    await using second = await host.start();
    expect(await second.client.process("job")).toMatchObject({ source: "plugin:cron", numprocesses: 2 });
    const { daemon } = second;
    expect(() => daemon.manager.create(template, { source: "plugin:other" })).toThrow("already exists");
    daemon.manager.create({ ...template, gracefulTimeoutMs: 1234 }, ofPlugin);
    expect(await second.client.process("job")).toMatchObject({ graceful_timeout: 1.234, numprocesses: 1 });
    expect(() => daemon.manager.create(template, ofPlugin)).toThrow("already exists");
    await daemon.manager.delete("job");
    daemon.manager.create(template, ofPlugin);
    expect(() => daemon.manager.create(template, ofPlugin)).toThrow("already exists");
  });
});

describe("a disk that refuses a write", () => {
  test("stops nothing: the answer and the log say so, and the template is written when there is space", async () => {
    const host = createHost();
    {
      await using daemon = await host.start();
      const url = daemon.daemon.urls[0] ?? "";
      const post = async (path: string, body?: object) =>
        await (await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) })).json();
      await daemon.client.create({ name: "kept", ...sleeper });
      {
        using _ = spyOn(TemplateRows.prototype, "save").mockImplementation(() => {
          throw new Error("database or disk is full");
        });
        expect(await post("/processes", { name: "a", ...sleeper })).toEqual({ ok: true, persisted: false, pids: [2] });
        expect(await post("/processes/a/_add")).toEqual({ ok: true, persisted: false, numprocesses: 2 });
        expect(await post("/processes/kept/_stop")).toEqual({ ok: true, persisted: false });
      }
      expect(daemon.warnings).toEqual([
        `cannot save templates in ${host.path}: database or disk is full; trying again undefined`,
      ]);
      expect(await post("/processes", { name: "b", ...sleeper })).toEqual({ ok: true, pids: [4] });
    }
    await using second = await host.start();
    const states = (await second.client.describe()).map(({ name, numprocesses, status }) => [
      name,
      numprocesses,
      status.stopped,
    ]);
    expect(states).toEqual([
      ["kept", 1, true],
      ["b", 1, false],
      ["a", 2, false],
    ]);
  });
});

test("a template that is damaged on disk is left out, and the log names it; the others are back", async () => {
  const host = createHost();
  {
    await using first = await host.start();
    for (const name of ["a", "b", "c", "d"]) await first.client.create({ name, ...sleeper });
  }
  {
    using database = new Database(host.path);
    database.run("UPDATE template SET document = replace(document, 'sleep 600', 'sleep 900') WHERE name = 'b'");
    database.run("UPDATE template SET wanted = 0 WHERE name = 'c'");
  }
  await using second = await host.start();
  expect(await second.client.processes()).toEqual(["a", "d"]);
  expect(second.warnings).toEqual([
    `template "b" in ${host.path} is left out: it is damaged; create it again undefined`,
    `template "c" in ${host.path} is left out: it is damaged; create it again undefined`,
  ]);
  await second.client.create({ name: "b", cmd: "sleep 1000" });
});
