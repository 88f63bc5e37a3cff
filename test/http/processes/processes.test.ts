import { describe, expect, test } from "bun:test";
import { bootId } from "../../../src/boot.ts";
import { countTurns, takeSlices } from "../../take-slices.ts";
import { waitFor } from "../../wait-for.ts";
import { createService, type Service } from "../service.ts";

const sleeper = { cmd: "sleep 1000" };
const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

/** `null` or a number of bytes. */
function maxRssOf(body: unknown): number | null {
  const [first] = (body as { history: { max_rss: number | null }[] }).history;
  if (first?.max_rss === null) return null;
  expect(first?.max_rss).toBeGreaterThan(0);
  return first?.max_rss ?? Number.NaN;
}

async function create(service: Service, name: string, settings: Record<string, unknown> = {}): Promise<void> {
  const { status, body } = await service.ask("POST", "/processes", { name, ...sleeper, ...settings });
  expect([status, body]).toEqual([200, { ok: true, pids: expect.any(Array) }]);
  await service.settle();
}

const pidsOf = async (service: Service, name: string) => {
  await service.settle();
  const { body } = await service.ask("GET", `/processes/${name}/_pids`);
  return (body as { pids: number[] }).pids;
};

describe("GET /processes", () => {
  test("lists the names in order of creation", async () => {
    await using service = createService();
    expect((await service.ask("GET", "/processes")).body).toEqual([]);
    for (const name of ["z", "a", "m"]) await create(service, name, { start: false });
    const { status, body } = await service.ask("GET", "/processes");
    expect([status, body]).toEqual([200, ["z", "a", "m"]]);
  });

  test.each(["true", "1"])("?running=%s lists the pids of running processes in ascending order", async (flag) => {
    await using service = createService();
    await create(service, "a", { numprocesses: 2 });
    await create(service, "b");
    await create(service, "c", { start: false });
    await service.ask("POST", "/processes/a/_add");
    await service.settle();
    expect((await service.ask("GET", `/processes?running=${flag}`)).body).toEqual([1, 2, 3, 4]);
  });

  test.each(["false", "0"])("?running=%s lists the names", async (flag) => {
    await using service = createService();
    await create(service, "a");
    expect((await service.ask("GET", `/processes?running=${flag}`)).body).toEqual(["a"]);
  });

  test("?detail=true has settings, status and processes of each template", async () => {
    await using service = createService();
    await create(service, "a", { numprocesses: 2 });
    await create(service, "b", { start: false });
    await service.ask("POST", "/processes/1/_stop");
    await service.settle();
    const { body } = await service.ask("GET", "/processes?detail=true");
    const lastExit = expect.objectContaining({ pid: 1, exit_status: null, term_signal: "SIGTERM", exited_at: time });
    const process = {
      os_pid: expect.any(Number),
      port: null,
      state: "running",
      started_at: time,
      restarts: 0,
      last_exit: lastExit,
    };
    expect(body).toEqual([
      expect.objectContaining({
        name: "a",
        cmd: "sleep 1000",
        graceful_timeout: 10,
        status: expect.objectContaining({ active: true, running: 2, state: "running" }),
        processes: [
          { pid: 2, slot: 1, ...process },
          { pid: 3, slot: 0, ...process },
        ],
        last_exit: lastExit,
      }),
      expect.objectContaining({
        name: "b",
        status: expect.objectContaining({ active: false, running: 0, state: "stopped" }),
        processes: [],
        last_exit: null,
      }),
    ]);
    const running = await service.ask("GET", "/processes?detail=true&running=true");
    expect(running.body).toEqual([expect.objectContaining({ name: "a" })]);
  });

  test.each(["running=yes", "running=", "running", "detail=2", "detail=TRUE"])("?%s is rejected", async (query) => {
    await using service = createService();
    const { status, body } = await service.ask("GET", `/processes?${query}`);
    const field = query.split("=")[0];
    expect([status, body]).toEqual([400, { error: "bad_value", field, message: expect.any(String) }]);
  });
});

describe("POST /processes", () => {
  test("starts the template in the daemon's working directory", async () => {
    await using service = createService();
    await create(service, "a");
    expect((await service.ask("GET", "/processes/a")).body).toMatchObject({ name: "a", cwd: process.cwd() });
    expect(await pidsOf(service, "a")).toEqual([1]);
  });

  test("starts nothing with start: false", async () => {
    await using service = createService();
    await create(service, "a", { start: false });
    expect(await pidsOf(service, "a")).toEqual([]);
  });

  test("accepts a body of any content type", async () => {
    await using service = createService();
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const { status } = await service.ask("POST", "/processes", { name: "a", ...sleeper }, headers);
    expect(status).toBe(200);
  });

  test("rejects a name that is in use, and does not change that template", async () => {
    await using service = createService();
    await create(service, "a");
    const { status, body } = await service.ask("POST", "/processes", { name: "a", cmd: "true" });
    expect([status, body]).toMatchObject([409, { error: "conflict", message: expect.stringContaining("`a`") }]);
    expect((await service.ask("GET", "/processes/a")).body).toMatchObject(sleeper);
    expect(await pidsOf(service, "a")).toEqual([1]);
  });

  test.each<[unknown, string, string | undefined]>([
    [undefined, "invalid_json", undefined],
    ["{", "invalid_json", undefined],
    ["[]", "invalid_process_info", undefined],
    [{}, "invalid_process_info", "name"],
    [{ name: "a" }, "invalid_process_info", "cmd"],
    [{ cmd: "x" }, "invalid_process_info", "name"],
    [{ name: "a", cmd: 1 }, "invalid_process_info", "cmd"],
    [{ name: "a", cmd: "x", numprocesses: -1 }, "invalid_process_info", "numprocesses"],
    [{ name: "a", cmd: "x", env: { A: 1 } }, "invalid_process_info", "env.A"],
    [{ name: "a", cmd: "x", nope: 1 }, "invalid_process_info", "nope"],
    [{ name: "12", cmd: "x" }, "bad_value", "name"],
    ['{"name":"a","cmd":"x","__proto__":{"cwd":"/"}}', "invalid_process_info", "__proto__"],
  ])("rejects %j as %s of %s", async (sent, error, field) => {
    await using service = createService();
    const { status, body } = await service.ask("POST", "/processes", sent);
    const expected = { error, message: expect.any(String), ...(field === undefined ? {} : { field }) };
    expect([status, body]).toEqual([400, expected]);
    expect((await service.ask("GET", "/processes")).body).toEqual([]);
  });

  test("rejects more than 1 MiB", async () => {
    await using service = createService();
    const { status, body } = await service.ask("POST", "/processes", { name: "a", cmd: "x".repeat(2 ** 20) });
    expect([status, body]).toMatchObject([413, { error: "too_large" }]);
  });

  test.each([
    { cmd: "/no/such/program" },
    { cmd: "no-such-program-anywhere" },
    { cmd: "true", cwd: "/no/such/folder" },
    { cmd: "true", uid: "no-such-user" },
  ])("returns 422 for a template that cannot be started, and does not create it: %j", async (settings) => {
    await using service = createService();
    const { status, body } = await service.ask("POST", "/processes", { name: "a", ...settings });
    expect([status, body]).toMatchObject([422, { error: "spawn_failed", message: expect.any(String) }]);
    expect((await service.ask("GET", "/processes")).body).toEqual([]);
    expect((await service.ask("GET", "/processes/a")).status).toBe(404);
  });
});

const startedPids = async (settings: Record<string, unknown>) => {
  await using service = createService();
  const { body } = await service.ask("POST", "/processes", { name: "a", ...sleeper, ...settings });
  return (body as { pids: number[] }).pids;
};

describe("POST /processes returns the pids of", () => {
  test("all started processes, in order", async () => {
    expect(await startedPids({ numprocesses: 3 })).toEqual([1, 2, 3]);
  });

  test("processes that have already exited, but not of their replacements", async () => {
    expect(await startedPids({ cmd: "true", numprocesses: 30, backoff: false })).toEqual(
      Array.from({ length: 30 }, (_, index) => index + 1),
    );
  });

  test.each([{ start: false }, { numprocesses: 0 }])("no processes with %j", async (settings) => {
    expect(await startedPids(settings)).toEqual([]);
  });
});

describe("GET /processes/:id", () => {
  test("has every setting in effect, including a changed number of processes", async () => {
    await using service = createService();
    await create(service, "a", { env: { A: "1" }, stop_signal: "INT" });
    await service.ask("POST", "/processes/a/_add/2");
    const { status, body } = await service.ask("GET", "/processes/a");
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: "a",
      cmd: "sleep 1000",
      numprocesses: 3,
      stop_signal: "SIGINT",
      env: { A: "1" },
    });
    expect(body).toMatchObject({ flapping: null, restart: "always", output_buffer: 1048576, graceful_timeout: 10 });
  });

  test("of a pid has the settings of its template and its own ids", async () => {
    await using service = createService();
    await create(service, "a");
    const [byName, byPid] = [await service.ask("GET", "/processes/a"), await service.ask("GET", "/processes/1")];
    const own = { pid: 1, os_pid: expect.any(Number), slot: 0, state: "running", started_at: time };
    expect(byPid.body).toEqual({ ...(byName.body as object), ...own });
  });

  test.each(["none", "99", "0", "99999999999999999999999"])("of %s, which does not exist, is 404", async (id) => {
    await using service = createService();
    await create(service, "a");
    for (const method of ["GET", "DELETE"]) {
      const { status, body } = await service.ask(method, `/processes/${id}`);
      expect([status, body]).toEqual([404, { error: "not_found", message: expect.stringContaining(id.slice(0, 4)) }]);
    }
  });

  test("of an exited process is 404, and the message refers to its history", async () => {
    await using service = createService();
    await create(service, "a");
    await service.ask("POST", "/processes/1/_stop");
    const { status, body } = await service.ask("GET", "/processes/1");
    expect([status, body]).toMatchObject([
      404,
      { error: "not_found", message: expect.stringContaining("/a/_history") },
    ]);
    expect((await service.ask("HEAD", "/processes/1")).status).toBe(404);
  });

  test.each(["-1", "1.5", "1e3", "0x1", "+1"])("of %s, which is not an integer, is 400", async (id) => {
    await using service = createService();
    for (const [method, path] of [
      ["GET", `/processes/${id}`],
      ["POST", `/processes/${id}/_stop`],
      ["DELETE", `/processes/${id}`],
    ] as const) {
      const { status, body } = await service.ask(method, path);
      expect([status, body]).toEqual([400, { error: "bad_value", field: "pid", message: expect.stringContaining(id) }]);
    }
  });

  test("accepts a name that looks like a number", async () => {
    await using service = createService();
    await create(service, "1.5", { start: false });
    expect((await service.ask("GET", "/processes/1.5")).body).toMatchObject({ name: "1.5" });
  });
});

describe.each(["PUT", "POST"])("%s /processes/:name", (method) => {
  test("replaces settings and processes; missing settings get their defaults", async () => {
    await using service = createService();
    await create(service, "a", { env: { A: "1" }, graceful_timeout: 3 });
    const { status, body } = await service.ask(method, "/processes/a", { cmd: "sleep 2000", numprocesses: 2 });
    expect([status, body]).toEqual([200, { ok: true }]);
    expect((await service.ask("GET", "/processes/a")).body).toMatchObject({
      cmd: "sleep 2000",
      numprocesses: 2,
      env: {},
      graceful_timeout: 10,
    });
    expect(await pidsOf(service, "a")).toEqual([2, 3]);
  });

  test("accepts its own name in the body, and no other", async () => {
    await using service = createService();
    await create(service, "a");
    expect((await service.ask(method, "/processes/a", { name: "a", ...sleeper })).status).toBe(200);
    const { status, body } = await service.ask(method, "/processes/a", { name: "b", ...sleeper });
    expect([status, body]).toMatchObject([400, { error: "invalid_process_info", field: "name" }]);
  });

  test("of an unknown name is 404", async () => {
    await using service = createService();
    const { status, body } = await service.ask(method, "/processes/none", sleeper);
    expect([status, body]).toMatchObject([404, { error: "not_found" }]);
  });

  test("of a pid is rejected, and the message names the template", async () => {
    await using service = createService();
    await create(service, "a");
    const { status, body } = await service.ask(method, "/processes/1", sleeper);
    expect([status, body]).toMatchObject([
      400,
      { error: "bad_value", field: "name", message: expect.stringContaining("`a`") },
    ]);
  });

  test.each<[unknown, string]>([
    ["{", "invalid_json"],
    [{}, "invalid_process_info"],
    [{ cmd: "sleep 1", restart: "maybe" }, "invalid_process_info"],
  ])("with the invalid body %j changes nothing", async (sent, error) => {
    await using service = createService();
    await create(service, "a");
    const before = await service.ask("GET", "/processes/a");
    const { status, body } = await service.ask(method, "/processes/a", sent);
    expect([status, body]).toMatchObject([400, { error }]);
    expect((await service.ask("GET", "/processes/a")).body).toEqual(before.body);
    expect(await pidsOf(service, "a")).toEqual([1]);
  });
});

describe("DELETE /processes/:id", () => {
  test("of a name responds when its processes have exited and it is deleted", async () => {
    await using service = createService();
    await create(service, "a", { numprocesses: 2 });
    const { body: before } = await service.ask("GET", "/processes/2");
    const { status, body } = await service.ask("DELETE", "/processes/a");
    expect([status, body]).toEqual([200, { ok: true }]);
    expect(() => process.kill((before as { os_pid: number }).os_pid, 0)).toThrow("ESRCH");
    expect((await service.ask("GET", "/processes")).body).toEqual([]);
    expect((await service.ask("GET", "/processes/a")).status).toBe(404);
  });

  test("of a pid stops that process, and the template replaces it", async () => {
    await using service = createService();
    await create(service, "a", { numprocesses: 2 });
    const { status, body } = await service.ask("DELETE", "/processes/1");
    expect([status, body]).toEqual([200, { ok: true }]);
    expect(await pidsOf(service, "a")).toEqual([2, 3]);
  });
});

describe("GET /processes/:name/_history", () => {
  test("lists the last exits, oldest first", async () => {
    await using service = createService();
    await create(service, "a", { cmd: "sh -c 'exit 3'", restart: "never" });
    await create(service, "b");
    await waitFor(async () => {
      const { body } = await service.ask("GET", "/processes/a/_history");
      return (body as { history: unknown[] }).history.length > 0;
    }, "the exit of a");
    await service.ask("POST", "/processes/2/_signal/KILL");
    await waitFor(async () => (await pidsOf(service, "b"))[0] === 3, "a process in the place of that which was killed");
    await service.ask("POST", "/processes/3/_stop");
    const history = async (name: string) => (await service.ask("GET", `/processes/${name}/_history`)).body;
    const exit = {
      os_pid: expect.any(Number),
      slot: 0,
      started_at: time,
      exited_at: time,
      cpu_ms: expect.any(Number),
      survivors: [],
      state: "exited",
      boot: bootId,
      report: `/processes/a/_history/1?boot=${bootId}`,
      ended_by: { cause: "itself", by: null, message: expect.stringMatching(/^exited with status 3 after [\d.]+ s$/) },
    };
    expect(await history("a")).toEqual({
      ok: true,
      history: [{ pid: 1, exit_status: 3, term_signal: null, max_rss: maxRssOf(await history("a")), ...exit }],
    });
    expect(await history("b")).toMatchObject({
      history: [
        { pid: 2, exit_status: null, term_signal: "SIGKILL" },
        { pid: 3, exit_status: null, term_signal: "SIGTERM" },
      ],
    });
  });

  test.each([
    ["none", 404, "not_found"],
    ["1", 400, "bad_value"],
    ["99", 404, "not_found"],
  ])("of %s is %i", async (id, status, error) => {
    await using service = createService();
    await create(service, "a");
    for (const path of ["_history", "_pids"]) {
      expect(await service.ask("GET", `/processes/${id}/${path}`)).toMatchObject({ status, body: { error } });
    }
  });
});

test("GET /processes/:name/_pids lists the pids of running processes", async () => {
  await using service = createService();
  await create(service, "a", { numprocesses: 3 });
  expect((await service.ask("GET", "/processes/a/_pids")).body).toEqual({ ok: true, pids: [1, 2, 3] });
});

test("`_add` past the last port is rejected, and changes nothing", async () => {
  await using service = createService();
  await create(service, "a", { port: 65_535 });
  const { status, body } = await service.ask("POST", "/processes/a/_add");
  expect([status, body]).toMatchObject([400, { error: "bad_value", field: "port" }]);
  expect((await service.ask("GET", "/status/a")).body).toMatchObject({ state: "running", numprocesses: 1 });
});

test("every document of a process has its slot and, with `port`, its own port", async () => {
  await using service = createService();
  await create(service, "a", { numprocesses: 2, port: 5100 });
  await service.ask("POST", "/processes/2/_stop");
  await service.settle();
  expect((await service.ask("GET", "/processes/a")).body).toMatchObject({ port: 5100 });
  expect((await service.ask("GET", "/processes/3")).body).toMatchObject({ pid: 3, slot: 1, port: 5101 });
  expect((await service.ask("GET", "/processes?detail=true")).body).toMatchObject([
    {
      port: 5100,
      processes: [
        { pid: 1, slot: 0, port: 5100 },
        { pid: 3, slot: 1, port: 5101 },
      ],
    },
  ]);
  expect((await service.ask("GET", "/processes/a/_history")).body).toMatchObject({ history: [{ pid: 2, slot: 1 }] });
});

test("GET /status/:name returns the status of the template", async () => {
  await using service = createService();
  await create(service, "a", { numprocesses: 2 });
  const running = {
    active: true,
    running: 2,
    numprocesses: 2,
    max_processes: 2,
    flapping: false,
    stopped: false,
    next_retry_at: null,
    state: "running",
    reason: null,
    exits_in_a_row: 0,
    restarts: 0,
  };
  expect(await service.ask("GET", "/status/a")).toMatchObject({ status: 200, body: running });
  await service.ask("POST", "/processes/a/_stop");
  const stopped = { ...running, active: false, running: 0, stopped: true, state: "stopped", reason: "it was stopped" };
  expect((await service.ask("GET", "/status/a")).body).toEqual(stopped);
});

test("GET /status/:name describes a crash loop and has the time of the next start", async () => {
  await using service = createService();
  await create(service, "a", { cmd: "sh -c 'exit 1'", backoff: { min: 0.01, max: 0.02 } });
  const body = await waitFor(async () => {
    const { body: status } = await service.ask("GET", "/status/a");
    const { state, exits_in_a_row } = status as { state: string; exits_in_a_row: number };
    return state === "backoff" && exits_in_a_row >= 5 && status;
  }, "a crash loop");
  expect(body).toMatchObject({
    active: true,
    running: 0,
    flapping: false,
    next_retry_at: time,
    reason: expect.stringMatching(/^exited with status 1 after [\d.]+ s, \d+ times in a row$/),
  });
});

test("GET /status/:name has the time when a flapping template is retried", async () => {
  await using service = createService();
  await create(service, "a", { cmd: "false", flapping: "2, 5, 60, 5" });
  const body = await waitFor(async () => {
    const { body: status } = await service.ask("GET", "/status/a");
    return (status as { flapping: boolean }).flapping && status;
  }, "flapping");
  expect(body).toMatchObject({
    flapping: true,
    running: 0,
    state: "backoff",
    next_retry_at: time,
    reason: expect.any(String),
  });
});

test.each([
  ["none", 404, "not_found"],
  ["1", 400, "bad_value"],
])("GET /status/%s is %i", async (name, status, error) => {
  await using service = createService();
  await create(service, "a");
  expect(await service.ask("GET", `/status/${name}`)).toMatchObject({ status, body: { error } });
});

test.each([
  ["POST", "/processes"],
  ["PUT", "/processes/large"],
])("%s %s reads, checks and applies a large body in different turns of the event loop", async (method, path) => {
  await using service = createService();
  if (method === "PUT") await service.ask("POST", "/processes", { name: "large", ...sleeper, start: false });
  const env = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`A${index}`, "x"]));
  takeSlices(5);
  const turns = await countTurns(async () => {
    const answer = await service.ask(method, path, { name: "large", ...sleeper, start: false, env });
    expect(answer).toMatchObject({ status: 200, body: { ok: true } });
  });
  expect(turns).toBeGreaterThanOrEqual(3);
  expect(service.manager.get("large").template.env).toEqual(env);
});
