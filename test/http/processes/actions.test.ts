import { describe, expect, test } from "bun:test";
import { fixtureCommand } from "../../process/sample-template.ts";
import { waitFor } from "../../wait-for.ts";
import { createService, type Service } from "../service.ts";

async function createSleeper(settings: Record<string, unknown> = {}): Promise<Service> {
  const service = createService();
  await service.ask("POST", "/processes", { name: "a", cmd: "sleep 1000", ...settings });
  await service.settle();
  return service;
}

async function runningIds(service: Service): Promise<unknown> {
  await service.settle();
  return (await service.ask("GET", "/processes?running=true")).body;
}

test("_stop responds when all processes have exited, _start when they are running", async () => {
  await using service = await createSleeper({ numprocesses: 2 });
  expect(await service.ask("POST", "/processes/a/_stop")).toMatchObject({ status: 200, body: { ok: true } });
  expect(await runningIds(service)).toEqual([]);
  expect(await service.ask("POST", "/processes/a/_start")).toMatchObject({ status: 200, body: { ok: true } });
  expect(await runningIds(service)).toEqual([3, 4]);
});

test("_start of more processes than fit in a slice responds when all are running", async () => {
  await using service = createService();
  const counts = async () => ((await service.ask("GET", "/processes?running=true")).body as number[]).length;
  await service.ask("POST", "/processes", { name: "a:b", cmd: "sleep 1000", numprocesses: 60 });
  expect(await counts()).toBe(60);
  await service.ask("POST", "/processes/a:b/_add/40");
  expect(await counts()).toBe(100);
  for (const action of ["/processes/a:b/_start", "/groups/a/_start", "/processes/a:b/_restart?spawn_first=1"]) {
    await service.ask("POST", "/processes/a:b/_stop");
    await service.ask("POST", action);
    expect([action, await counts()]).toEqual([action, 100]);
  }
  await service.ask("POST", "/processes/a:b/_stop");
  await service.ask("PUT", "/processes/a:b", { cmd: "sleep 1000", numprocesses: 2 });
  await service.ask("POST", "/processes/a:b/_start");
  await service.ask("PUT", "/processes/a:b", { cmd: "sleep 1000", numprocesses: 80 });
  expect(await counts()).toBe(80);
});

test("_start of a template that cannot be started is 422", async () => {
  await using service = await createSleeper({ name: "b", cmd: "/no/such/program", start: false });
  const { status, body } = await service.ask("POST", "/processes/b/_start");
  expect([status, body]).toMatchObject([422, { error: "spawn_failed" }]);
});

test("_stop waits for a process that exits slowly, and for SIGKILL", async () => {
  await using service = await createSleeper({ cmd: fixtureCommand("ignore-sigterm.sh"), graceful_timeout: 0.2 });
  await service.ask("POST", "/processes/a/_stop");
  expect(await runningIds(service)).toEqual([]);
});

test("_stop of a pid stops that process, and the template replaces it", async () => {
  await using service = await createSleeper({ numprocesses: 2 });
  expect(await service.ask("POST", "/processes/2/_stop")).toMatchObject({ status: 200, body: { ok: true } });
  expect(await runningIds(service)).toEqual([1, 3]);
});

test("every action on an exited process is `gone`", async () => {
  await using service = await createSleeper();
  await service.ask("POST", "/processes/1/_stop");
  for (const [method, path] of [
    ["POST", "/processes/1/_stop"],
    ["POST", "/processes/1/_signal/TERM"],
    ["DELETE", "/processes/1"],
  ] as const) {
    expect(await service.ask(method, path)).toMatchObject({ status: 410, body: { error: "gone" } });
  }
});

describe("_restart", () => {
  test.each(["", "?spawn_first=true", "?spawn_first=0"])("%s replaces every process", async (query) => {
    await using service = await createSleeper({ numprocesses: 2 });
    const { status, body } = await service.ask("POST", `/processes/a/_restart${query}`);
    expect([status, body]).toEqual([200, { ok: true }]);
    expect(await runningIds(service)).toEqual([3, 4]);
  });

  test.each([
    ["", [1, 0]],
    ["?spawn_first=true", [1, 2]],
  ])("%s has %p processes over time", async (query, counts) => {
    await using service = await createSleeper();
    const seen = new Set<number>([1]);
    service.manager.get("a").onChange(() => seen.add(service.manager.get("a").processes.length));
    await service.ask("POST", `/processes/a/_restart${query}`);
    expect([...seen]).toEqual(counts);
  });

  test("rejects an invalid flag, and does nothing", async () => {
    await using service = await createSleeper();
    const { status, body } = await service.ask("POST", "/processes/a/_restart?spawn_first=maybe");
    expect([status, body]).toMatchObject([400, { error: "bad_value", field: "spawn_first" }]);
    expect(await runningIds(service)).toEqual([1]);
  });
});

describe("_add and _sub", () => {
  test("change the number of processes, and return it", async () => {
    await using service = await createSleeper();
    for (const [action, numprocesses] of [
      ["_add", 2],
      ["_add/3", 5],
      ["_sub", 4],
      ["_sub/2", 2],
      ["_add/0", 2],
      ["_sub/100", 0],
      ["_sub", 0],
      ["_add", 1],
    ] as const) {
      const { status, body } = await service.ask("POST", `/processes/a/${action}`);
      expect([action, status, body]).toEqual([action, 200, { ok: true, numprocesses }]);
      expect(await runningIds(service)).toHaveLength(numprocesses);
    }
  });

  test.each(["-1", "1.5", "1e3", "abc", "%201", "0x1", "99999999999999999999", "NaN"])("reject %s", async (n) => {
    await using service = await createSleeper();
    for (const action of ["_add", "_sub"]) {
      const { status, body } = await service.ask("POST", `/processes/a/${action}/${n}`);
      expect([status, body]).toEqual([400, { error: "bad_value", field: "n", message: expect.any(String) }]);
    }
    expect(await runningIds(service)).toEqual([1]);
  });

  test("respect the maximum number of processes", async () => {
    await using service = await createSleeper();
    for (const n of ["10000", "9007199254740991"]) {
      const { status, body } = await service.ask("POST", `/processes/a/_add/${n}`);
      expect([status, body]).toMatchObject([400, { error: "bad_value", field: "n" }]);
    }
  });
});

describe("_signal", () => {
  test.each(["USR1", "SIGUSR1", "usr1", "10"])("%s reaches the process", async (signal) => {
    await using service = await createSleeper({ restart: "never" });
    expect(await service.ask("POST", `/processes/1/_signal/${signal}`)).toMatchObject({
      status: 200,
      body: { ok: true },
    });
    await service.manager.get("a").processes[0]?.exited;
    const { body } = await service.ask("GET", "/processes/a/_history");
    expect(body).toMatchObject({ history: [{ pid: 1, term_signal: "SIGUSR1" }] });
  });

  test.each([
    ["RTMIN", "SIGRTMIN"],
    ["SIGRTMIN", "SIGRTMIN"],
    ["RTMIN+3", "SIGRTMIN+3"],
    ["RTMAX-1", "SIGRTMIN+29"],
    ["RTMAX", "SIGRTMAX"],
  ])("%s, a real-time signal, reaches the process", async (signal, name) => {
    await using service = await createSleeper({ restart: "never" });
    expect((await service.ask("POST", `/processes/1/_signal/${signal}`)).body).toEqual({ ok: true });
    await service.manager.get("a").processes[0]?.exited;
    const { body } = await service.ask("GET", "/processes/a/_history");
    expect(body).toMatchObject({ history: [{ pid: 1, term_signal: name }] });
  });

  test("of a template reaches all its processes", async () => {
    await using service = await createSleeper({ numprocesses: 3, restart: "never" });
    const { processes } = service.manager.get("a");
    expect((await service.ask("POST", "/processes/a/_signal/KILL")).body).toEqual({ ok: true });
    const exits = await Promise.all(processes.map(({ exited }) => exited));
    expect(exits.map(({ status }) => status)).toEqual(Array.from({ length: 3 }, () => ({ signal: "SIGKILL" })));
  });

  test.each([
    ["1", "", "parent got HUP"],
    ["a", "", "parent got HUP"],
    ["1", "?group=true", "parent got HUP and worker got HUP"],
    ["a", "?group=1", "parent got HUP and worker got HUP"],
  ])("POST /processes/%s/_signal/HUP%s: %s", async (id, query, expected) => {
    await using service = createService();
    const cmd = fixtureCommand("parent-and-worker.sh");
    await service.ask("POST", "/processes", { name: "a", cmd, restart: "never", redirect_output: ["out", "out"] });
    const read = async () => String((await service.ask("GET", "/streams/1/out?feed=continuous&follow=false")).body);
    await waitFor(async () => (await read()).includes("\n"), "the worker");
    expect((await service.ask("POST", `/processes/${id}/_signal/HUP${query}`)).body).toEqual({ ok: true });
    const lines = await waitFor(async () => {
      const text = await read();
      return text.includes("parent is done") ? text.split("\n") : undefined;
    }, "the end of both");
    expect(
      lines
        .filter((line) => line.includes(" got "))
        .toSorted()
        .join(" and "),
    ).toBe(expected);
  });

  test("rejects an invalid `group` flag", async () => {
    await using service = await createSleeper();
    const { status, body } = await service.ask("POST", "/processes/a/_signal/HUP?group=all");
    expect([status, body]).toEqual([400, { error: "bad_value", field: "group", message: expect.any(String) }]);
  });

  test.each(["NOPE", "0", "-1", "999", "1.5", "%20"])("rejects %s as a signal", async (signal) => {
    await using service = await createSleeper();
    for (const id of ["a", "1"]) {
      const { status, body } = await service.ask("POST", `/processes/${id}/_signal/${signal}`);
      expect([status, body]).toEqual([400, { error: "bad_value", field: "sig", message: expect.any(String) }]);
    }
  });

  test.each(["a", "1"])("without a signal is rejected for %s", async (id) => {
    await using service = await createSleeper();
    const { status, body } = await service.ask("POST", `/processes/${id}/_signal`);
    expect([status, body]).toEqual([
      400,
      { error: "no_signal_number", message: expect.stringContaining("/_signal/HUP") },
    ]);
  });
});

describe("an action on", () => {
  const templateActions = ["_start", "_restart", "_add", "_sub", "_add/2", "_sub/2"];

  test.each([...templateActions, "_stop", "_signal/HUP", "_signal"])(
    "an unknown template is 404: %s",
    async (action) => {
      await using service = await createSleeper();
      for (const id of ["none", "99"]) {
        const { status, body } = await service.ask("POST", `/processes/${id}/${action}`);
        expect([status, body]).toEqual([404, { error: "not_found", message: expect.stringContaining(id) }]);
      }
    },
  );

  test.each(templateActions)("a pid instead of a name is rejected with the name: %s", async (action) => {
    await using service = await createSleeper();
    const { status, body } = await service.ask("POST", `/processes/1/${action}`);
    expect([status, body]).toEqual([
      400,
      { error: "bad_value", field: "name", message: expect.stringContaining("`a`") },
    ]);
    expect(await runningIds(service)).toEqual([1]);
  });
});
