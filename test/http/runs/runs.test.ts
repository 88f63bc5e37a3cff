import { describe, expect, test } from "bun:test";
import type { ListedRunDocument, RunDocument } from "../../../src/documents/run-schemas.ts";
import { waitFor } from "../../wait-for.ts";
import { useRuns } from "./hosting-runs.ts";

const runs = useRuns();
const shell = (cmd: string) => ({ cmd, shell: true, graceful_timeout: 1 });

describe("PUT /runs/:id", () => {
  test("answers when the process has exited, with its exit and its output", async () => {
    const run = await runs.put("build-1", shell("echo out; echo err >&2; exit 3"));
    expect(run).toMatchObject({
      ok: true,
      id: "build-1",
      pid: 1,
      state: "exited",
      exit_status: 3,
      term_signal: null,
      ended_by: "itself",
      reason: null,
      existing: false,
      output: {
        stdout: { data: "out\n", from: 0, to: 4, omitted: 0 },
        stderr: { data: "err\n", from: 0, to: 4, omitted: 0 },
      },
    } as object);
    expect(Date.parse(run.exited_at ?? "")).toBeGreaterThanOrEqual(Date.parse(run.started_at ?? ""));
  });

  test("with the same body attaches, however the body is written", async () => {
    const first = await runs.put("a", { cmd: "echo 'a b'", timeout: "1m", env: { A: "1", B: "2" } });
    const again = await runs.put("a", {
      timeout: 60,
      env: { B: "2", A: "1" },
      shell: false,
      args: [],
      cmd: "echo 'a b'",
    });
    expect(again).toEqual({ ...first, existing: true });
    expect(await listOf()).toHaveLength(1);
  });

  test.each<[string, object, string]>([
    ["cmd", { cmd: "echo b" }, "cmd"],
    ["args", { cmd: "echo a", args: ["x"] }, "args"],
    ["a variable", { cmd: "echo a", env: { A: "2" } }, "env.A"],
    ["the input", { cmd: "echo a", stdin: "x", redirect_input: true }, "redirect_input"],
    ["the timeout", { cmd: "echo a", timeout: 5 }, "timeout"],
  ])("with another value of %s is 409 and names the field", async (_, body, field) => {
    await runs.put("a", { cmd: "echo a" });
    const { status, body: error } = await runs.ask("PUT", "/runs/a", body);
    expect([status, error]).toEqual([409, expect.objectContaining({ error: "conflict", field })]);
  });

  test("with other input is 409, although the input is not kept", async () => {
    await runs.put("a", { cmd: "cat", stdin: "one" });
    expect((await runs.ask("PUT", "/runs/a", { cmd: "cat", stdin: "two" })).body).toMatchObject({ field: "stdin" });
    expect(await runs.put("a", { cmd: "cat", stdin: { base64: btoa("one") } })).toMatchObject({ existing: true });
  });

  test("starts one process for a hundred requests at once", async () => {
    const all = await Promise.all(Array.from({ length: 100 }, () => runs.put("x", shell("echo $$; exit 7"))));
    expect(all.filter(({ existing }) => !existing)).toHaveLength(1);
    expect(new Set(all.map(({ exit_status, output }) => `${exit_status} ${output["stdout"]?.data}`)).size).toBe(1);
    expect(runs.service.manager.runs.all).toHaveLength(1);
  });

  test("of a program that does not exist is 422, for all who asked, and leaves nothing behind", async () => {
    const ask = () => runs.ask("PUT", "/runs/a", { cmd: "/no/such/program" });
    const answers = await Promise.all([ask(), ask()]);
    expect(answers.map(({ status }) => status)).toEqual([422, 422]);
    expect((await runs.ask("GET", "/runs/a")).status).toBe(404);
    expect(await runs.put("a", { cmd: "true" })).toMatchObject({ existing: false, exit_status: 0 });
  });

  test.each<[string, object, string]>([
    ["name", { cmd: "true", name: "a" }, "name"],
    ["numprocesses", { cmd: "true", numprocesses: 2 }, "numprocesses"],
    ["restart", { cmd: "true", restart: "always" }, "restart"],
    ["an owner without a lease", { cmd: "true", owner: "me" }, "owner"],
    ["no program", {}, "cmd"],
    ["a timeout of nothing", { cmd: "true", timeout: 0 }, "timeout"],
    ["a timeout that is none", { cmd: "true", timeout: "soon" }, "timeout"],
    ["input that is not Base64", { cmd: "cat", stdin: { base64: "%%%" } }, "stdin.base64"],
    ["input that is a number", { cmd: "cat", stdin: 5 }, "stdin"],
    ["input, and none", { cmd: "cat", stdin: "a", redirect_input: false }, "redirect_input"],
  ])("refuses %s", async (_, body, field) => {
    const { status, body: error } = await runs.ask("PUT", "/runs/a", body);
    expect([status, error]).toEqual([400, expect.objectContaining({ error: "invalid_process_info", field })]);
  });

  test.each(["_a", ".", "a b", "a~b", "x".repeat(129)])("refuses the id %j", async (id) => {
    const { status } = await runs.ask("PUT", `/runs/${encodeURIComponent(id)}`, { cmd: "true" });
    expect(status).toBeOneOf([400, 404, 405]);
    expect(await listOf()).toEqual([]);
  });

  test("takes an id that is a number", async () => {
    expect(await runs.put("42", { cmd: "true" })).toMatchObject({ id: "42", exit_status: 0 });
  });
});

test("POST /runs starts a run under a new id, which it returns in Location", async () => {
  const [first, second] = [
    await runs.ask("POST", "/runs", { cmd: "true" }),
    await runs.ask("POST", "/runs", { cmd: "true" }),
  ];
  const { id } = first.body as RunDocument;
  expect(first.headers.get("location")).toBe(`/runs/${id}`);
  expect((second.body as RunDocument).id).not.toBe(id);
  expect(await listOf()).toHaveLength(2);
});

describe("wait", () => {
  test("=0 answers at once, and the run goes on", async () => {
    const run = await runs.put("a", shell("sleep 0.2; echo done"), "?wait=0");
    expect(run).toMatchObject({ state: "running", exit_status: null, ended_by: null });
    expect(await runs.get("a", "?wait=exit")).toMatchObject({
      state: "exited",
      output: { stdout: { data: "done\n" } },
    });
  });

  test("=100ms answers after at most that long", async () => {
    const startMs = performance.now();
    expect(await runs.put("a", { cmd: "sleep 60" }, "?wait=100ms")).toMatchObject({ state: "running" });
    expect(performance.now() - startMs).toBeWithin(95, 5000);
  });

  test("of a client that leaves does not stop the run", async () => {
    const leaving = new AbortController();
    const body = JSON.stringify(shell("sleep 0.3; exit 4"));
    const request = new Request("http://localhost/runs/a", { method: "PUT", body, signal: leaving.signal });
    const left = runs.service.app.handle(request);
    await waitFor(async () => (await runs.ask("GET", "/runs/a")).status === 200, "the run to exist");
    leaving.abort();
    await left;
    expect(await runs.get("a", "?wait=exit")).toMatchObject({ exit_status: 4, ended_by: "itself" });
  });
});

describe("ended_by", () => {
  test("timeout: stop signal, grace period, SIGKILL, for everything that it started", async () => {
    const stubborn = "trap '' TERM; sleep 61 & echo started; while :; do wait; done";
    const run = await runs.put("a", { ...shell(stubborn), timeout: 0.4, graceful_timeout: 0.2 });
    expect(run).toMatchObject({
      ended_by: "timeout",
      term_signal: "SIGKILL",
      output: { stdout: { data: "started\n" } },
    });
    expect(runs.service.manager.runs.active).toEqual([]);
  });

  test("request: _stop, which can be repeated", async () => {
    await runs.put("a", { cmd: "sleep 60" }, "?wait=0");
    const first = await runs.ask("POST", "/runs/a/_stop");
    expect(first.body).toMatchObject({ ok: true, state: "exited", ended_by: "request", term_signal: "SIGTERM" });
    expect(await runs.ask("POST", "/runs/a/_stop")).toMatchObject({ status: 200, body: first.body as object });
  });

  test.each(["DELETE /processes/1", "POST /processes/1/_stop", "POST /processes/1/_signal/KILL"])(
    "request: %s, and no other process follows",
    async (line) => {
      await runs.put("a", { cmd: "sleep 60" }, "?wait=0");
      const [method = "", path = ""] = line.split(" ");
      expect((await runs.ask(method, path)).status).toBe(200);
      expect(await runs.get("a", "?wait=exit")).toMatchObject({ state: "exited", ended_by: "request" });
      expect(runs.service.manager.runningIds()).toEqual([]);
    },
  );

  test("itself: a signal that nobody sent through gafferd", async () => {
    expect(await runs.put("a", shell("kill -9 $$"))).toMatchObject({ ended_by: "itself", term_signal: "SIGKILL" });
  });

  test("itself: an exit after a signal that does not end it", async () => {
    await runs.put("a", shell("trap 'exit 5' USR1; echo ready; while :; do sleep 0.05; done"), "?wait=0");
    await waitFor(async () => (await runs.get("a")).output["stdout"]?.to === 6, "the trap");
    expect((await runs.ask("POST", "/runs/a/_signal/USR1")).status).toBe(200);
    expect(await runs.get("a", "?wait=exit")).toMatchObject({ ended_by: "itself", exit_status: 5 });
    expect((await runs.ask("POST", "/runs/a/_signal/USR1")).status).toBe(410);
  });

  test("shutdown: when gafferd stops", async () => {
    await runs.put("a", { cmd: "sleep 60" }, "?wait=0");
    const [supervisor] = runs.service.manager.runs.all;
    const waiting = runs.put("a", { cmd: "sleep 60" });
    await waitFor(() => supervisor!.processes.length === 1, "the process");
    await runs.stop();
    expect(await waiting).toMatchObject({ ended_by: "shutdown", term_signal: "SIGTERM" });
    expect((await runs.ask("PUT", "/runs/b", { cmd: "true" })).body).toMatchObject({ error: "overloaded" });
  });
});

describe("DELETE /runs/:id", () => {
  test("stops a run and forgets it, and can be repeated", async () => {
    await runs.put("a", { cmd: "sleep 60" }, "?wait=0");
    const both = await Promise.all([runs.ask("DELETE", "/runs/a"), runs.ask("DELETE", "/runs/a")]);
    expect(both.map(({ body }) => body)).toEqual([
      { ok: true, existed: true },
      { ok: true, existed: true },
    ]);
    expect((await runs.ask("DELETE", "/runs/a")).body).toEqual({ ok: true, existed: false });
    expect((await runs.ask("GET", "/runs/a")).status).toBe(404);
    expect(runs.service.manager.runningIds()).toEqual([]);
  });

  test("makes the id free", async () => {
    await runs.put("a", { cmd: "echo 1" });
    await runs.ask("DELETE", "/runs/a");
    expect(await runs.put("a", { cmd: "echo 2" })).toMatchObject({ existing: false, pid: 2 });
  });
});

describe("output", () => {
  test("is cut to head and tail between characters, with the number of bytes between", async () => {
    const text = `${"é".repeat(5000)}\n`;
    const { output } = await runs.put("a", { cmd: "cat", stdin: text }, "?max_bytes=101");
    const { data, from, to, omitted } = output["stdout"]!;
    expect([from, to]).toEqual([0, 10_001]);
    const [head = "", tail = ""] = data.split(`\n[omitted ${omitted} bytes]\n`);
    expect(data).not.toContain("\ufffd");
    expect(Buffer.byteLength(head) + omitted + Buffer.byteLength(tail)).toBe(to);
    expect(text.startsWith(head) && text.endsWith(tail)).toBe(true);
  });

  test("begins where the buffer begins", async () => {
    const { output } = await runs.put("a", { cmd: "seq 100000", output_buffer: "8k" });
    const { from, to, data } = output["stdout"]!;
    expect(to).toBe(588_895);
    expect(from).toBe(to - 8192);
    expect(data.endsWith("100000\n")).toBe(true);
  });

  test("next is where a stream goes on", async () => {
    await runs.put("a", { ...shell("echo one; read x; echo two"), redirect_input: true }, "?wait=0");
    await waitFor(async () => (await runs.get("a")).output["stdout"]?.to === 4, "the first line");
    const { next } = (await runs.get("a")).output["stdout"]!;
    await runs.ask("POST", "/runs/a/stdin", "go\n");
    await runs.get("a", "?wait=exit");
    const rest = await runs.ask("GET", `/runs/a/output/stdout?feed=continuous&since=${next}`);
    expect(rest.body).toBe("two\n");
    const after = (await runs.get("a")).output["stdout"]!.next;
    expect((await runs.ask("GET", `/runs/a/output/stdout?since=${after}`)).status).toBe(204);
  });

  test("has the routes and parameters of streams", async () => {
    await runs.put("a", shell("echo 1; echo 2; echo 3 >&2"));
    expect((await runs.ask("GET", "/runs/a/output/stdout?feed=continuous&tail=1")).body).toBe("2\n");
    const all = await runs.ask("GET", "/runs/a/output?feed=eventsource");
    expect(all.body).toContain('event: exit\ndata: {"pid":1,"exit_status":0,"term_signal":null}\n');
    expect((await runs.ask("GET", "/runs/a/output/none")).body).toMatchObject({ error: "io_not_found" });
    expect((await runs.ask("GET", "/runs/b/output")).status).toBe(404);
  });
});

describe("feed=eventsource", () => {
  test("begins with run and ends with exit", async () => {
    const { body } = await runs.ask("PUT", "/runs/a?feed=eventsource", shell("echo hello; exit 2"));
    const events = String(body)
      .split("\n\n")
      .map((event) => event.split("\n")[0]);
    expect(events).toEqual(["event: run", "event: stdout", "event: exit", ""]);
    expect(dataOf(body, "run")).toMatchObject({ id: "a", pid: 1, existing: false });
    expect(dataOf(body, "exit")).toEqual(await listed("a"));
  });

  test("goes on after the last id, and is 204 when everything was read", async () => {
    const { body } = await runs.ask("PUT", "/runs/a?feed=eventsource", shell("echo one; sleep 0.05; echo two"));
    const ids = [...String(body).matchAll(/^id: (.*)$/gm)].map(([, id = ""]) => id);
    const resumed = await runs.ask("GET", "/runs/a?feed=eventsource", undefined, { "last-event-id": ids[1]! });
    expect(String(resumed.body)).toContain("data: two");
    expect(String(resumed.body)).not.toContain("data: one");
    const done = await runs.ask("GET", "/runs/a?feed=eventsource", undefined, { "last-event-id": ids.at(-1)! });
    expect(done.status).toBe(204);
  });
});

test.each([
  ["?feed=eventsource&heartbeat=wrong", { cmd: "true" }],
  ["?feed=continuous&since=wrong", { cmd: "true" }],
  ["?feed=eventsource", { cmd: "true", redirect_output: [] }],
  ["?wait=soon", { cmd: "true" }],
  ["?max_bytes=-1", { cmd: "true" }],
])("a request that cannot be answered starts nothing: %s", async (query, body) => {
  expect((await runs.ask("PUT", `/runs/a${query}`, body)).status).toBe(400);
  expect(await listOf()).toEqual([]);
});

test("feed=continuous is the output as it arrives", async () => {
  const { body } = await runs.ask("PUT", "/runs/a?feed=continuous", shell("echo hello; exit 2"));
  expect(body).toBe("hello\n");
});

test("stdin is written exactly once, and closed by eof", async () => {
  await runs.put("a", { cmd: "cat", redirect_input: true }, "?wait=0");
  expect((await runs.ask("POST", "/runs/a/stdin?offset=0", "one\n")).body).toEqual({ ok: true, bytes: 4, taken: 4 });
  expect((await runs.ask("POST", "/runs/a/stdin?offset=0", "one\ntwo\n")).body).toEqual({
    ok: true,
    bytes: 4,
    taken: 8,
  });
  expect(await runs.ask("GET", "/runs/a/stdin")).toMatchObject({ body: { taken: 8, closed: false } });
  expect((await runs.ask("POST", "/runs/a/stdin?offset=9", "x")).body).toMatchObject({ error: "conflict", taken: 8 });
  expect((await runs.ask("POST", "/runs/a/stdin?eof=true")).status).toBe(200);
  expect((await runs.get("a", "?wait=exit")).output["stdout"]?.data).toBe("one\ntwo\n");
  expect((await runs.ask("POST", "/runs/a/stdin", "x")).body).toMatchObject({ error: "gone" });
});

describe("a run is a process like any other", () => {
  test("in streams, statistics and events, but not a template", async () => {
    await runs.put("a", shell("echo hello; sleep 60"), "?wait=0");
    expect((await runs.ask("GET", "/processes")).body).toEqual([]);
    expect((await runs.ask("GET", "/processes?running=true")).body).toEqual([1]);
    expect((await runs.ask("GET", "/processes/run~a")).status).toBe(404);
    expect((await runs.ask("GET", "/streams/1/stdout?feed=longpoll")).body).toBe("hello\n");
    expect((await runs.ask("GET", "/streams/run~a/stdout?feed=longpoll")).body).toBe("hello\n");
    expect((await runs.ask("GET", "/stats/run~a/1")).body).toMatchObject({ slot: 0, cmdline: expect.any(String) });
    expect((await runs.ask("GET", "/stats")).body).toMatchObject([{ name: "run~a" }]);
    expect((await runs.ask("POST", "/processes", { name: "run~a", cmd: "true" })).status).toBe(400);
    expect((await runs.ask("GET", "/watch?since=1m")).body).toMatchObject({ name: "run~a" });
    const spawned = await runs.ask("GET", "/watch/proc.run~a.spawn?since=1m");
    expect(spawned.body).toMatchObject({ event: "spawn", name: "run~a", pid: 1 });
  });

  test("a template of the same name is another", async () => {
    await runs.put("a", { cmd: "echo run" });
    expect((await runs.ask("POST", "/processes", { name: "a", cmd: "sleep 60" })).status).toBe(200);
    expect((await runs.ask("DELETE", "/processes/a")).status).toBe(200);
    expect(await runs.get("a")).toMatchObject({ output: { stdout: { data: "run\n" } } });
  });
});

test("GET /runs lists runs, oldest first, also those in one state", async () => {
  await runs.put("a", { cmd: "true" });
  await runs.put("b", { cmd: "sleep 60" }, "?wait=0");
  expect((await listOf()).map(({ id }) => id)).toEqual(["a", "b"]);
  expect((await listOf("?state=running")).map(({ id }) => id)).toEqual(["b"]);
  expect((await runs.ask("GET", "/runs?state=none")).body).toMatchObject({ error: "bad_value", field: "state" });
});

async function listOf(query = ""): Promise<ListedRunDocument[]> {
  return (await runs.ask("GET", `/runs${query}`)).body as ListedRunDocument[];
}

async function listed(id: string): Promise<ListedRunDocument> {
  return (await listOf()).find((run) => run.id === id)!;
}

function dataOf(body: unknown, event: string): unknown {
  const [, json = "null"] = new RegExp(`event: ${event}\ndata: (.*)\n`).exec(String(body)) ?? [];
  return JSON.parse(json);
}
