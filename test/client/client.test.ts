import { describe, expect, test } from "bun:test";
import { createClient, GafferdClientError } from "gafferd/client";
import { useServing } from "../http/serving.ts";
import { waitFor } from "../wait-for.ts";

const host = useServing();

const client = () => createClient(host.serving.url);
const sleeper = { cmd: "sleep 600", graceful_timeout: 1 };
/** The command line is visible only after exec, shortly after the spawn. */
const hasBegun = (pid: number) =>
  waitFor(async () => (await client().stats("web", pid)).cmdline === sleeper.cmd, `the exec of process ${pid}`);
const failureOf = async (promise: Promise<unknown>) => await promise.catch((error: unknown) => error);

describe("templates and processes", () => {
  test("are created, listed and described, and removed", async () => {
    await client().create({ name: "web", ...sleeper });
    await client().create({ name: "idle", ...sleeper, start: false });
    const [pid = 0] = await client().pids("web");
    expect(await client().processes()).toEqual(["web", "idle"]);
    expect(await client().processes({ running: true })).toEqual([pid]);
    expect(await client().process("web")).toMatchObject({ name: "web", cmd: "sleep 600", numprocesses: 1 });
    expect(await client().process(pid)).toMatchObject({ name: "web", pid, state: "running" });
    const details = await client().describe();
    expect(details.map(({ name, status }) => [name, status.state])).toEqual([
      ["web", "running"],
      ["idle", "stopped"],
    ]);
    await client().remove("web");
    expect(await client().processes()).toEqual(["idle"]);
  });

  test("can be updated with the document that was read", async () => {
    await client().create({ name: "web", ...sleeper });
    await client().update("web", { ...(await client().process("web")), numprocesses: 2 });
    await waitFor(async () => (await client().pids("web")).length === 2, "two processes");
    expect(await client().process("web")).toMatchObject({ numprocesses: 2, graceful_timeout: 1 });
  });

  test("start, stop, restart, scale up and down, and report their status", async () => {
    await client().create({ name: "web", ...sleeper, start: false });
    await client().start("web");
    const [first = 0] = await client().pids("web");
    expect(await client().status("web")).toMatchObject({ active: true, running: 1, state: "running" });
    await client().restart("web");
    await client().restart("web", { spawnFirst: true });
    expect(await client().pids("web")).toEqual([first + 2]);
    expect(await client().add("web")).toBe(2);
    expect(await client().add("web", 2)).toBe(4);
    expect(await client().sub("web", 3)).toBe(1);
    expect(await client().sub("web")).toBe(0);
    await client().stop("web");
    expect(await client().status("web")).toMatchObject({ stopped: true, running: 0 });
    const history = await client().history("web");
    expect(history.find(({ pid }) => pid === first)).toMatchObject({ exit_status: null, term_signal: "SIGTERM" });
  });

  test("can be signalled and stopped one by one, by pid", async () => {
    await client().create({ name: "web", cmd: "sleep 600", numprocesses: 2, restart: "never" });
    const [first = 0, second = 0] = await client().pids("web");
    await client().signal(first, "KILL");
    await waitFor(async () => (await client().pids("web")).length === 1, "the end of the first");
    await client().signal("web", "CONT", { group: true });
    await client().stop(second);
    // The exits of a template of the same name that was deleted are still kept.
    const exits = async () => (await client().history("web")).filter(({ pid }) => pid >= first);
    await waitFor(async () => (await exits()).length === 2, "two exits");
    const signals = (await exits()).map(({ pid, term_signal }) => [pid, term_signal]);
    expect(signals).toEqual([
      [first, "SIGKILL"],
      [second, "SIGTERM"],
    ]);
  });

  test("have groups", async () => {
    for (const name of ["g:a", "g:b", "h:a"]) await client().create({ name, ...sleeper });
    expect(await client().groups()).toEqual(["g", "h"]);
    expect(await client().group("g")).toEqual(["g:a", "g:b"]);
    await client().stopGroup("g");
    expect((await client().processes({ running: true })).length).toBe(1);
    await client().startGroup("g");
    await client().restartGroup("g", { spawnFirst: true });
    expect((await client().processes({ running: true })).length).toBe(3);
    await client().removeGroup("g");
    expect(await client().processes()).toEqual(["h:a"]);
  });
});

describe("stats", () => {
  test("of all templates, of one template and of one process", async () => {
    await client().create({ name: "web", ...sleeper, numprocesses: 2 });
    await client().create({ name: "idle", ...sleeper, start: false });
    const [pid = 0] = await client().pids("web");
    const all = await client().stats();
    expect(all.map(({ name, stats }) => [name, stats.length])).toEqual([
      ["web", 2],
      ["idle", 0],
    ]);
    expect((await client().stats("web")).stats[0]?.id).toBe(pid);
    expect(await client().stats("idle")).toMatchObject({ cpu: "N/A" });
    const { os_pid } = await client().process(pid);
    await hasBegun(pid);
    expect(await client().stats("web", pid)).toMatchObject({ pid: os_pid, cmdline: "sleep 600", children: [] });
  });

  test("repeat until the process has ended", async () => {
    await client().create({ name: "web", ...sleeper, restart: "never" });
    const [pid = 0] = await client().pids("web");
    await hasBegun(pid);
    let samples = 0;
    for await (const { cmdline } of client().watchStats({ name: "web", pid, intervalMs: 100 })) {
      samples += 1;
      if (samples === 3) await client().signal(pid, "KILL");
      expect(cmdline === "sleep 600" || samples > 3).toBe(true);
    }
    expect(samples).toBeGreaterThanOrEqual(3);
  });

  test("of one or all templates repeat until the loop is left", async () => {
    await client().create({ name: "web", ...sleeper });
    for await (const { name } of client().watchStats({ name: "web" })) {
      expect(name).toBe("web");
      break;
    }
    for await (const all of client().watchStats()) {
      expect(all.map(({ name }) => name)).toEqual(["web"]);
      break;
    }
  });
});

describe("an error response", () => {
  test("is a GafferdClientError with gafferd's message", async () => {
    const error = await failureOf(client().start("nobody"));
    expect(error).toBeInstanceOf(GafferdClientError);
    expect(error).toMatchObject({
      name: "GafferdClientError",
      message: "there is no process template `nobody`",
      status: 404,
      code: "not_found",
      details: {},
    });
  });

  test("names the invalid field", async () => {
    const body = { name: "a", cmd: "true", numprocesses: -1 };
    expect(await failureOf(client().create(body))).toMatchObject({
      status: 400,
      code: "invalid_process_info",
      field: "numprocesses",
    });
    expect(await failureOf(client().create({ name: "a", cmd: "/no/such/program" }))).toMatchObject({
      status: 422,
      code: "spawn_failed",
    });
  });

  test("lists the failed templates of a group", async () => {
    await client().create({ name: "g:a", cmd: "/no/such/program", start: false });
    await client().create({ name: "g:b", ...sleeper, start: false });
    expect(await failureOf(client().startGroup("g"))).toMatchObject({
      code: "spawn_failed",
      details: { failed: ["g:a"] },
    });
  });

  test.each<[string, () => Response, Record<string, unknown>]>([
    [
      "of a proxy",
      () => new Response("<h1>Bad Gateway</h1>", { status: 502, statusText: "Bad Gateway" }),
      {
        status: 502,
        code: "unexpected_answer",
        message: expect.stringContaining("GET http://d.test/groups: 502 Bad Gateway"),
      },
    ],
    ["of another server, in JSON", () => Response.json({ error: { code: 7 } }, { status: 400 }), { status: 400 }],
    ["that is not JSON", () => new Response("hello"), { status: 200, code: "unexpected_answer" }],
    [
      "for now",
      () => Response.json({ error: "overloaded", message: "no" }, { status: 503, headers: { "retry-after": "2" } }),
      { code: "overloaded", retryAfterMs: 2000 },
    ],
  ])("%s", async (_, answer, error) => {
    const strange = createClient({ url: "http://d.test", fetch: async () => answer() });
    expect(await failureOf(strange.groups())).toMatchObject(error);
  });
});

test("a daemon that cannot be reached rejects with the error of `fetch`, and methods do not retry", async () => {
  let attempts = 0;
  const fail = async (): Promise<Response> => {
    attempts += 1;
    throw new TypeError("no network");
  };
  expect(await failureOf(createClient({ url: "http://d.test", fetch: fail }).processes())).toEqual(
    new TypeError("no network"),
  );
  expect(attempts).toBe(1);
});

describe("an address", () => {
  test("may have a path, and names are encoded", async () => {
    const asked: [string, string | undefined][] = [];
    const fetch = async (url: string, init: RequestInit) => {
      asked.push([url, init.method]);
      return Response.json({ ok: true });
    };
    const behind = createClient({ url: new URL("https://d.test/gaffer/"), fetch });
    await behind.processes();
    await behind.remove("a/b?c#d%e é");
    expect(asked).toEqual([
      ["https://d.test/gaffer/processes", "GET"],
      ["https://d.test/gaffer/processes/a%2Fb%3Fc%23d%25e%20%C3%A9", "DELETE"],
    ]);
  });

  test.each(["localhost:5000", "/processes", "", "ftp://d.test", "http://user:secret@d.test"])(
    "%j is refused",
    (url) => {
      expect(() => createClient(url)).toThrow(TypeError);
    },
  );

  test("cannot be changed by a name that is a path", async () => {
    for (const name of ["..", ".", ""]) {
      expect(await failureOf(client().remove(name))).toEqual(new TypeError(`cannot use \`${name}\` as a name`));
    }
  });
});

test("headers are sent with every request", async () => {
  const seen: (string | null)[] = [];
  const fetch = async (_: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    seen.push(headers.get("authorization"), headers.get("content-type"));
    return Response.json({ ok: true });
  };
  const authorized = createClient({ url: "http://d.test", fetch, headers: { Authorization: "Bearer x" } });
  await authorized.create({ name: "a", cmd: "true" });
  await authorized.processes();
  expect(seen).toEqual(["Bearer x", "application/json", "Bearer x", null]);
  expect(() => createClient({ url: "http://d.test", headers: { "a b": "c" } })).toThrow(TypeError);
});
