import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { bootId } from "../../src/boot.ts";
import type { Client } from "../../src/client/client.ts";
import { createFolder, startGafferd } from "../cli/running.ts";
import { receive } from "../webhook/receiver.ts";
import { waitFor } from "../wait-for.ts";
import { createHistoryHost } from "./history-host.ts";

const sleeper = { cmd: "sleep 600" };

/** Waits for exits of a template and for their reports to be complete. */
async function exitsOf(client: Client, name: string, count = 1) {
  return await waitFor(async () => {
    const history = await client.history(name);
    return history.length >= count ? history : undefined;
  }, `${count} exits of ${name}`);
}

describe("the report of an exit", () => {
  test("has the last lines of all outputs in their order, what ended the process, and what followed", async () => {
    using host = createHistoryHost();
    await using running = await host.start();
    const { client } = running;
    const script =
      "for i in $(seq 60); do echo line $i; done; sleep 0.2; echo failed: no database >&2; sleep 0.2; exit 3";
    await client.create({ name: "web", cmd: script, shell: true, restart: "never" });
    const [entry] = await exitsOf(client, "web");
    const report = await waitFor(async () => {
      const found = await client.exitReport("web", 1);
      return found.output.length > 1 ? found : undefined;
    }, "the output");
    expect(report).toMatchObject({ ...entry, name: "web", exit_status: 3, state: "exited", changed_settings: null });
    expect(report.ended_by).toMatchObject({ cause: "itself", by: null });
    expect(report.next).toMatchObject({ step: "not_restarted", retry_at: null });
    expect(report.next.reason).toContain("`restart = never`");
    const lines = report.output.flatMap(({ stream, data }) =>
      data
        .trimEnd()
        .split("\n")
        .map((line) => `${stream} ${line}`),
    );
    expect(lines).toHaveLength(50);
    expect([lines[0], lines[48], lines[49]]).toEqual([
      "stdout line 12",
      "stdout line 60",
      "stderr failed: no database",
    ]);
    expect(report.report).toBe(`/processes/web/_history/1?boot=${bootId}`);
    expect(await (await fetch(running.url + report.report)).json()).toEqual(report);
  });

  test("has at most 8 KiB of output", async () => {
    using host = createHistoryHost();
    await using running = await host.start();
    await running.client.create({
      name: "web",
      cmd: "head -c 100000 /dev/zero | tr '\\0' x",
      shell: true,
      restart: "never",
    });
    await exitsOf(running.client, "web");
    const { output } = await waitFor(async () => {
      const found = await running.client.exitReport("web", 1);
      return found.output.length > 0 ? found : undefined;
    }, "the output");
    expect(output.map(({ data }) => data.length).reduce((sum, length) => sum + length)).toBeLessThanOrEqual(8192);
  });

  test("says who asked for the exit", async () => {
    using host = createHistoryHost("[process:of-file]\ncmd = sleep 600\n");
    await using running = await host.start();
    const { client, daemon } = running;
    const causes = async (name: string, count = 1) =>
      (await exitsOf(client, name, count)).map(({ ended_by: { cause, by } }) => `${cause} ${by}`);
    await client.create({ name: "web", ...sleeper, numprocesses: 3 });
    const [first = 0, second = 0] = await client.pids("web");
    await client.signal(first, "HUP");
    process.kill(((await client.process(second)) as { os_pid: number }).os_pid, "SIGUSR1");
    expect((await causes("web", 2)).toSorted()).toEqual(["signal http", "signal null"]);
    await waitFor(async () => (await client.status("web")).running === 3, "the replacements");
    await client.sub("web");
    expect((await causes("web", 3)).at(-1)).toBe("scale_down http");
    await client.restart("web");
    expect((await causes("web", 5)).slice(-2)).toEqual(["restart http", "restart http"]);
    await client.update("web", { cmd: "sleep 601", env: { A: "1" }, numprocesses: 2 });
    expect((await causes("web", 6)).at(-1)).toBe("restart http");
    const [pid = 0] = await client.pids("web");
    await client.stop(pid);
    const [replaced] = (await client.history("web")).filter((exit) => exit.pid === pid);
    expect(replaced?.ended_by).toMatchObject({ cause: "stop", by: "http" });
    expect((await client.exitReport("web", pid)).next.step).toBe("restarted");
    expect((await client.exitReport("web", pid)).changed_settings).toEqual(["cmd", "env.A"]);
    await client.stop("web");
    const last = (await client.history("web")).at(-1)!;
    expect((await client.exitReport("web", last.pid)).next).toMatchObject({
      step: "not_restarted",
      reason: "its template is stopped",
    });
    await client.create({ name: "g:a", ...sleeper });
    await client.stopGroup("g");
    expect(await causes("g:a")).toEqual(["stop http"]);
    await client.create({ name: "own", ...sleeper });
    await daemon.manager.stop("own");
    expect(await causes("own")).toEqual(["stop null"]);
    await client.create({ name: "crash", cmd: "kill -SEGV $$", shell: true, restart: "never" });
    expect(await causes("crash")).toEqual(["itself null"]);
    await client.create({ name: "loop", cmd: "false", backoff: "50s" });
    expect((await client.exitReport("loop", (await exitsOf(client, "loop"))[0]!.pid)).next).toMatchObject({
      step: "waiting",
      retry_at: expect.stringContaining("Z"),
    });
  });

  test("is in the `exit` event of webhooks and of /watch, by its address", async () => {
    using host = createHistoryHost();
    await using receiver = receive();
    await using running = await host.start();
    await running.client.addWebhook({ url: receiver.url, event: "exit" });
    await running.client.create({ name: "web:api", cmd: "false", restart: "never" });
    await waitFor(() => receiver.accepted.length === 1, "the event");
    const { report } = receiver.accepted[0]!.body as unknown as { report: string };
    expect(report).toBe(`/processes/web:api/_history/1?boot=${bootId}`);
    expect(await (await fetch(running.url + report)).json()).toMatchObject({ pid: 1, exit_status: 1 });
  });
});

test("exits and their reports are back after a restart, also of templates that were deleted; 100 of each are kept", async () => {
  using host = createHistoryHost("[process:of-file]\ncmd = sleep 600\n");
  {
    await using first = await host.start();
    await first.client.create({ name: "loop", cmd: "echo hello", backoff: "off" });
    await exitsOf(first.client, "loop", 100);
    await waitFor(async () => (await first.client.history("loop"))[0]!.pid > 30, "the end of the oldest");
    expect(await first.client.history("loop")).toHaveLength(100);
    await first.client.remove("loop");
  }
  await using second = await host.start();
  const history = await second.client.history("loop");
  expect(history).toHaveLength(100);
  const pids = history.map(({ pid }) => pid);
  expect(pids).toEqual(pids.toSorted((a, b) => a - b));
  expect((await second.client.exitReport("loop", pids[0]!, { boot: bootId })).output[0]?.data).toBe("hello\n");
  const [stopped] = await second.client.history("of-file");
  expect(stopped?.ended_by).toEqual({
    cause: "shutdown",
    by: null,
    message: expect.stringMatching(/: gafferd stopped$/),
  });
  const missing = await fetch(`${second.url}/processes/of-file/_history/1?boot=rnone`);
  expect([missing.status, await missing.json()]).toMatchObject([404, { error: "not_found" }]);
});

test("without a store, the exits of this run are kept in memory", async () => {
  using host = createHistoryHost();
  await using running = await host.start({ keepState: false });
  await running.client.create({ name: "loop", cmd: "echo hello", backoff: "off" });
  await exitsOf(running.client, "loop", 100);
  await waitFor(async () => (await running.client.history("loop"))[0]!.pid > 5, "the end of the oldest");
  await running.client.stop("loop");
  const history = await running.client.history("loop");
  expect(history).toHaveLength(100);
  expect((await running.client.exitReport("loop", history[0]!.pid)).output[0]?.data).toBe("hello\n");
});

test("an exit that is damaged on disk is left out", async () => {
  using host = createHistoryHost();
  {
    await using first = await host.start();
    for (const name of ["a", "b"]) await first.client.create({ name, cmd: "false", restart: "never" });
    for (const name of ["a", "b"]) await exitsOf(first.client, name);
  }
  {
    using database = new Database(host.path);
    database.run(`UPDATE exit SET entry = replace(entry, '"exit_status":1', '"exit_status":0') WHERE template = 'a'`);
  }
  await using second = await host.start();
  for (const name of ["a", "b"])
    await second.client.create({ name, ...sleeper, start: false, persist: false }).catch(() => {});
  expect(await second.client.history("a")).toEqual([]);
  expect(await second.client.history("b")).toHaveLength(1);
});

test("a process that ran when gafferd was killed is lost: no exit is made up for it", async () => {
  const folder = createFolder();
  const config = folder.write(
    "gaffer.ini",
    "[gaffer]\nstate_dir = state\nbundled_plugins = none\n[process:web]\ncmd = sleep 600\n",
  );
  let boot = "";
  {
    await using first = await startGafferd(["-c", config]);
    const post = (path: string) => fetch(first.url + path, { method: "POST" });
    await post("/processes/web/_signal/KILL");
    const { history } = await waitFor(async () => {
      const found = (await (await fetch(`${first.url}/processes/web/_history`)).json()) as {
        history: { boot: string }[];
      };
      return found.history.length === 1 ? found : undefined;
    }, "the exit");
    boot = history[0]!.boot;
    await waitFor(
      async () => ((await (await fetch(`${first.url}/status/web`)).json()) as { running: number }).running === 1,
      "the replacement",
    );
    await Bun.sleep(500);
    first.kill("SIGKILL");
    await first.exited;
  }
  await using second = await startGafferd(["-c", config]);
  const { history } = (await (await fetch(`${second.url}/processes/web/_history`)).json()) as { history: object[] };
  expect(history).toMatchObject([
    { pid: 1, boot, state: "exited", term_signal: "SIGKILL" },
    { pid: 2, boot, state: "lost", exit_status: null, term_signal: null, exited_at: null, ended_by: { cause: "lost" } },
  ]);
  const report = await (await fetch(`${second.url}/processes/web/_history/2?boot=${boot}`)).json();
  expect(report).toMatchObject({ state: "lost", output: [], next: { step: "unknown", reason: "gafferd had ended" } });
  folder.remove();
});
