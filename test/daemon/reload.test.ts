import { afterAll, afterEach, describe, expect, spyOn, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient, GafferdClientError } from "../../src/client/client.ts";
import { loadConfig } from "../../src/config/config.ts";
import { type Daemon, startDaemon } from "../../src/daemon.ts";
import type { Logger } from "../../src/log.ts";
import { storePath } from "../../src/store/store.ts";
import { Outbox } from "../../src/webhook/outbox.ts";
import { recordWarnings } from "../recorded-log.ts";
import { silentLog } from "../supervisor/hosting.ts";
import { waitFor } from "../wait-for.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-reload-"));
const file = join(folder, "gaffer.ini");
const running: Daemon[] = [];

afterEach(async () => {
  for (const daemon of running.splice(0)) await daemon.stop();
});
afterAll(() => rmSync(folder, { recursive: true }));

const write = (text: string) => Bun.write(file, text);
const readConfig = () => loadConfig(file);

/** A daemon with a configuration file that the test changes. */
async function run(text: string, log: Logger = silentLog) {
  await write(text);
  const daemon = await startDaemon({ config: readConfig(), version: "1.0.0", log, readConfig });
  running.push(daemon);
  return { daemon, client: createClient(daemon.urls[0] ?? "") };
}

const endpoint = "[endpoint:main]\nbind = 127.0.0.1:0\n";
const sleeper = (name: string, more = "") => `[process:${name}]\ncmd = sleep 60\nredirect_output = out\n${more}\n`;

test("only differences are applied: added, changed and removed sections; the rest keeps running", async () => {
  const { daemon, client } = await run(endpoint + sleeper("same") + sleeper("other") + sleeper("gone"));
  await waitFor(() => daemon.manager.runningIds().length === 3, "all three");
  const [same] = daemon.manager.get("same").processes;
  const ring = same?.rings.get("out");

  await write(endpoint + sleeper("same") + sleeper("other", "env:A = 1") + sleeper("new"));
  const would = await client.reload({ dryRun: true });
  expect(would).toMatchObject({
    ok: true,
    dry_run: true,
    added: ["process:new"],
    changed: ["process:other"],
    removed: ["process:gone"],
  });
  expect(daemon.manager.names()).toEqual(["same", "other", "gone"]);

  const done = await client.reload();
  expect(done).toEqual({ ...would, dry_run: false });
  expect(done.unchanged).toContain("process:same");
  expect(daemon.manager.names()).toEqual(["same", "other", "new"]);
  const [kept] = daemon.manager.get("same").processes;
  expect(kept?.id).toBe(same?.id ?? 0);
  expect(kept?.rings.get("out")).toBe(ring);
  await waitFor(() => daemon.manager.get("other").processes.some(({ template }) => template.env["A"] === "1"), "A");
  expect((await client.reload()).changed).toEqual([]);
});

describe("a template that was changed at runtime", () => {
  const text = endpoint + sleeper("scaled") + sleeper("replaced") + sleeper("deleted") + sleeper("same");
  const all = ["process:scaled", "process:replaced", "process:deleted"];

  async function drift() {
    const { log, warnings } = recordWarnings();
    const { daemon, client } = await run(text, log);
    await waitFor(() => daemon.manager.runningIds().length === 4, "all four");
    await client.add("scaled", 2);
    await client.update("replaced", { ...(await client.process("replaced")), env: { A: "1" }, stop_signal: "INT" });
    await client.remove("deleted");
    const [same] = daemon.manager.get("same").processes;
    return { daemon, client, warnings, same };
  }

  test("is reported as drifted and reset to the file, with a log line; the rest keeps running", async () => {
    const { daemon, client, warnings, same } = await drift();
    const would = await client.reload({ dryRun: true });
    expect(would).toMatchObject({ drifted: all, changed: [], added: [], removed: [], keep_drift: false });
    expect(would.unchanged).toContain("process:same");
    expect(daemon.manager.names()).not.toContain("deleted");
    expect(warnings).toEqual([]);

    expect(await client.reload()).toEqual({ ...would, dry_run: false });
    expect(warnings).toEqual([
      "process:scaled was scaled at runtime from 1 to 3; resetting it to the file",
      "process:replaced was changed at runtime (env, stop_signal); resetting it to the file",
      "process:deleted was deleted at runtime; resetting it to the file",
    ]);
    expect(daemon.manager.get("scaled").template.numprocesses).toBe(1);
    expect(daemon.manager.get("replaced").template).toMatchObject({ env: {}, stopSignal: "SIGTERM" });
    await waitFor(() => daemon.manager.runningIds().length === 4, "what the file says");
    expect(daemon.manager.get("same").processes[0]).toBe(same as never);
    expect((await client.reload()).drifted).toEqual([]);
  });

  test("is kept with `keep_drift`, each time", async () => {
    const { daemon, client, warnings } = await drift();
    for (let times = 1; times <= 2; times++) {
      expect(await client.reload({ keepDrift: true })).toMatchObject({ drifted: all, keep_drift: true });
    }
    expect(warnings).toHaveLength(6);
    expect(warnings[0]).toBe("process:scaled was scaled at runtime from 1 to 3; keeping it (keep_drift)");
    expect(daemon.manager.get("scaled").template.numprocesses).toBe(3);
    expect(daemon.manager.names()).not.toContain("deleted");
    expect((await client.reload()).drifted).toEqual(all);
    expect(daemon.manager.get("scaled").template.numprocesses).toBe(1);
  });

  test("has not drifted if the file now says the same, or if it is not in the file", async () => {
    const { daemon, client } = await run(endpoint + sleeper("web"));
    await client.create({ name: "mine", cmd: "sleep 60" });
    await client.add("web", 1);
    const ids = daemon.manager.runningIds();
    await write(endpoint + sleeper("web", "numprocesses = 2"));
    const report = await client.reload();
    expect(report).toMatchObject({ drifted: [], changed: [], added: [], removed: [] });
    expect(report.unchanged).toContain("process:web");
    expect(daemon.manager.runningIds()).toEqual(ids);
  });

  test("is updated in spite of `keep_drift` if the file has changed too", async () => {
    const { daemon, client } = await run(endpoint + sleeper("web"));
    await client.add("web", 1);
    await write(endpoint + sleeper("web", "env:A = 1"));
    expect(await client.reload({ keepDrift: true })).toMatchObject({ changed: ["process:web"], drifted: [] });
    expect(daemon.manager.get("web").template).toMatchObject({ numprocesses: 1, env: { A: "1" } });
  });

  test("is retried after a reset until its program exists", async () => {
    const program = join(folder, "program");
    symlinkSync("/bin/sleep", program);
    const backoff = "backoff = 20ms, 50ms";
    const { daemon, client } = await run(`${endpoint}[process:web]\ncmd = ${program} 60\n${backoff}\n`);
    await client.remove("web");
    rmSync(program);
    expect((await client.reload()).drifted).toEqual(["process:web"]);
    expect(daemon.manager.get("web").status().state).toBe("backoff");
    symlinkSync("/bin/sleep", program);
    await waitFor(() => daemon.manager.get("web").status().running === 1, "the next try");
  });
});

test("a reader of an unchanged template keeps reading", async () => {
  const talker = "[process:talker]\ncmd = cat\nredirect_output = out\n";
  const { daemon, client } = await run(`${endpoint}${talker}redirect_input = true\n`);
  await waitFor(() => daemon.manager.runningIds().length === 1, "the talker");
  const heard: string[] = [];
  const listening = (async () => {
    for await (const item of client.tail(1)) {
      if (item.type === "output") heard.push(item.text);
    }
  })();
  await client.write(1, "before\n");
  await waitFor(() => heard.length === 1, "the first line");
  await write(`${endpoint}${talker}redirect_input = true\n${sleeper("new")}`);
  await client.reload();
  await client.write(1, "after\n", { eof: true });
  await listening;
  expect(heard.join("")).toBe("before\nafter\n");
});

test("a change of numprocesses or of a policy replaces no running process", async () => {
  const { daemon, client } = await run(endpoint + sleeper("a", "numprocesses = 2"));
  const ids = () => daemon.manager.get("a").processes.map(({ id }) => id);
  await waitFor(() => ids().length === 2, "both");
  await write(endpoint + sleeper("a", "numprocesses = 3\nrestart = on-failure"));
  await client.reload();
  await waitFor(() => ids().length === 3, "the third");
  expect(ids()).toEqual([1, 2, 3]);
  await write(endpoint + sleeper("a", "numprocesses = 1\nrestart = on-failure"));
  await client.reload();
  await waitFor(() => ids().length === 1, "one");
  expect(ids()).toEqual([1]);
});

test("templates created over HTTP keep running, and with `keep_drift` deleted ones stay deleted", async () => {
  const { daemon, client } = await run(endpoint + sleeper("a") + sleeper("b"));
  await client.create({ name: "mine", cmd: "sleep 60" });
  await client.remove("a");
  await write(`${endpoint}${sleeper("a")}${sleeper("b", "priority = 1")}`);
  expect((await client.reload({ keepDrift: true })).changed).toEqual(["process:b"]);
  expect(daemon.manager.names()).toEqual(["b", "mine"]);
  expect((await client.reload()).drifted).toEqual(["process:a"]);
  expect(daemon.manager.names()).toEqual(["b", "mine", "a"]);
});

test("a file with errors changes nothing, and all errors are reported", async () => {
  const { daemon, client } = await run(endpoint + sleeper("a"));
  await write(`${endpoint}${sleeper("b")}[process:c]\ncdm = x\nnumprocesses = -1\n`);
  const refusal = await client.reload().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(GafferdClientError);
  expect(refusal).toMatchObject({ status: 422, code: "invalid_config" });
  const { problems } = (refusal as GafferdClientError).details as { problems: string[] };
  expect(problems.length).toBeGreaterThanOrEqual(2);
  expect(problems.join("\n")).toContain(`${file}:8: [process:c] cdm: unknown key; did you mean \`cmd\`?`);
  expect(daemon.manager.names()).toEqual(["a"]);
});

test("a template that cannot be spawned is an error too: nothing is changed", async () => {
  const { daemon, client } = await run(endpoint + sleeper("a"));
  await write(`${endpoint}${sleeper("b")}[process:c]\ncmd = /no/such/program\n`);
  await expect(client.reload()).rejects.toThrow("gaffer.ini:8: [process:c] cmd: cannot start `/no/such/program`");
  expect(daemon.manager.names()).toEqual(["a"]);
});

test("without a file there is nothing to reload", async () => {
  const config = loadConfig(undefined, { bind: "127.0.0.1:0" });
  const daemon = await startDaemon({ config, version: "1.0.0", log: silentLog });
  running.push(daemon);
  await expect(createClient(daemon.urls[0] ?? "").reload()).rejects.toMatchObject({ code: "conflict", status: 409 });
});

test("reloads do not overlap: each sees the result of the one before", async () => {
  const { daemon, client } = await run(endpoint + sleeper("a"));
  await write(endpoint + sleeper("a") + sleeper("b"));
  const [first, second] = await Promise.all([client.reload(), client.reload()]);
  expect([...first.added, ...second.added]).toEqual(["process:b"]);
  expect(daemon.manager.names()).toEqual(["a", "b"]);
});

test("cors_origins takes effect with a reload", async () => {
  const { daemon, client } = await run(endpoint);
  const ask = async () => (await fetch(`${daemon.urls[0]}/ping`, { headers: { origin: "https://a.org" } })).status;
  expect(await ask()).toBe(403);
  await write(`[gaffer]\ncors_origins = https://a.org\n${endpoint}`);
  expect((await client.reload()).changed).toEqual(["gaffer.cors_origins"]);
  expect(await ask()).toBe(200);
});

test("settings that need a restart are reported", async () => {
  const { client } = await run(endpoint);
  await write(`[gaffer]\nstate_dir = other\n${endpoint}`);
  expect(await client.reload()).toMatchObject({ changed: ["gaffer.state_dir"], needs_restart: ["gaffer.state_dir"] });
});

test("an error with the webhook outbox is reported before anything is changed", async () => {
  const state = join(folder, "unusable");
  const gaffer = `[gaffer]\nstate_dir = ${state}\n`;
  const hook = "[webhooks]\n. = http://127.0.0.1:1/\n";
  const { daemon, client } = await run(gaffer + endpoint + sleeper("a"));
  mkdirSync(storePath(state), { recursive: true });
  await write(gaffer + endpoint + sleeper("b") + hook);
  for (const dryRun of [true, false]) {
    await expect(client.reload({ dryRun })).rejects.toThrow(`cannot use ${storePath(state)}`);
  }
  expect(daemon.manager.names()).toEqual(["a"]);
  rmSync(storePath(state), { recursive: true });
  expect(await client.reload({ dryRun: true })).toMatchObject({ changed: ["webhooks"] });
  expect(await client.reload()).toMatchObject({ changed: ["webhooks"] });
  expect(await client.webhooks()).toHaveLength(1);
});

test("a setting that could not be applied is tried again by the next reload, even if the file has not changed", async () => {
  const gaffer = `[gaffer]\nstate_dir = ${join(folder, "full")}\n`;
  const { daemon, client } = await run(gaffer + endpoint + sleeper("a"));
  await write(`${gaffer}${endpoint}${sleeper("a")}${sleeper("b")}[webhooks]\n. = http://127.0.0.1:1/\n`);
  {
    using _ = spyOn(Outbox.prototype, "save").mockImplementation(() => {
      throw new Error("database or disk is full");
    });
    await expect(client.reload()).rejects.toThrow(
      "the configuration was applied in part (endpoints and processes only): cannot save the webhook",
    );
  }
  expect(daemon.manager.names()).toEqual(["a", "b"]);
  expect(await client.reload()).toMatchObject({ added: [], changed: ["webhooks"], removed: [] });
  expect(await client.webhooks()).toHaveLength(1);
  expect(await client.reload()).toMatchObject({ changed: [] });
});

test("an endpoint is opened, changed and closed; a stream of a closed one continues", async () => {
  const socket = join(folder, "a.sock");
  const unix = `[endpoint:unix]\nbind = unix:${socket}\n`;
  const { daemon, client } = await run(endpoint + sleeper("a"));
  await write(endpoint + unix + sleeper("a"));
  expect((await client.reload()).added).toEqual(["endpoint:unix"]);
  expect(daemon.urls).toHaveLength(2);
  expect((await fetch("http://localhost/ping", { unix: socket })).status).toBe(200);

  const abort = new AbortController();
  const stream = await fetch("http://localhost/watch?feed=eventsource", { unix: socket, signal: abort.signal });
  await write(endpoint + sleeper("a"));
  expect((await client.reload()).removed).toEqual(["endpoint:unix"]);
  await expect(fetch("http://localhost/ping", { unix: socket })).rejects.toThrow();
  await client.stop("a");
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("event: stop")) text += (await reader?.read())?.value ?? "";
  abort.abort();
  expect(daemon.urls).toHaveLength(1);
});

test("an endpoint that cannot be opened changes nothing: the others keep listening", async () => {
  const { promise, resolve } = Promise.withResolvers<Server>();
  const taken = createServer().listen(0, "127.0.0.1", () => resolve(taken));
  const address = (await promise).address();
  const port = typeof address === "object" ? address?.port : 0;
  try {
    const { daemon, client } = await run(endpoint + sleeper("a"));
    const url = daemon.urls[0] ?? "";
    await write(`${endpoint}[endpoint:second]\nbind = 127.0.0.1:${port}\n${sleeper("b")}`);
    await expect(client.reload()).rejects.toThrow("another program");
    expect((await fetch(`${url}/ping`)).status).toBe(200);
    expect(daemon.manager.names()).toEqual(["a"]);
  } finally {
    taken.close();
  }
});
