import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { createFolder, type RunningGafferd, startGafferd } from "../../cli/running.ts";
import { waitFor } from "../../wait-for.ts";
import { connectMcp, ensureBuilt, type McpClient, nextOf } from "./mcp-client.ts";

const folder = createFolder();
let gafferd: RunningGafferd;
let agent: McpClient;
let other: McpClient;
const address = () => new URL(`${gafferd.url}/_plugin/mcp/api`);

function connect(): Promise<McpClient> {
  return connectMcp(new StreamableHTTPClientTransport(address()));
}

beforeAll(async () => {
  await ensureBuilt();
  gafferd = await startGafferd([], { env: { HOME: folder.path } });
  [agent, other] = await Promise.all([connect(), connect()]);
}, 20_000);
afterAll(async () => {
  await agent[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
  await gafferd[Symbol.asyncDispose]();
  folder.remove();
});

test("the tools have short descriptions, and say what changes nothing", async () => {
  const { tools } = await agent.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    "run",
    "start",
    "stop",
    "restart",
    "list",
    "status",
    "read",
    "write",
    "search",
    "wait",
  ]);
  for (const { description = "" } of tools) expect(description.length).toBeWithin(20, 220);
  expect(JSON.stringify(tools).length).toBeLessThan(9000);
  const readOnly = tools.filter(({ annotations }) => annotations?.readOnlyHint === true).map(({ name }) => name);
  expect(readOnly).toEqual(["list", "status", "read", "search", "wait"]);
});

describe("run", () => {
  test("answers the exit status and both outputs of a command", async () => {
    const text = await agent.call("run", { command: "echo out; echo err >&2; exit 3", id: "both" });
    expect(text).toMatch(/^run~both: exited with status 3 after [\d.]+ s, ended by itself\n/);
    expect(text).toMatch(/\[stdout: 4 bytes; next \w+\]\nout\n/);
    expect(text).toMatch(/\[stderr: 4 bytes; next \w+\]\nerr\n/);
  });

  test("with the same id runs once, and refuses another command", async () => {
    const command = `echo x >> ${folder.path}/once; cat ${folder.path}/once`;
    const answers = await Promise.all([1, 2, 3].map(() => agent.call("run", { command, id: "once" })));
    for (const answer of answers) expect(answer).toContain("[stdout: 2 bytes");
    expect(await agent.fail("run", { command: "true", id: "once" })).toContain("exists with another `cmd`");
  });

  test("answers at most 8 KiB of output, head and tail, and counts what is left out", async () => {
    const text = await agent.call("run", { command: "seq 1 100000; seq 1 100000 >&2" });
    expect(text.length).toBeLessThan(8192 + 500);
    expect(text).toStartWith("run~");
    const omitted = [...text.matchAll(/\[omitted (\d+) bytes\]/g)].map(([, bytes]) => Number(bytes));
    expect(omitted).toHaveLength(2);
    expect(text).toContain("[stdout: 588895 bytes");
    expect(text).toContain("\n1\n2\n3\n");
    expect(text).toEndWith("99999\n100000\n");
  });

  test("that takes longer than `wait` goes on, takes input, and is waited for", async () => {
    expect(await agent.call("run", { command: "read x; echo got $x; sleep 600", id: "slow", wait: 0 })).toMatch(
      /^run~slow: running as pid \d+ since /,
    );
    expect(await agent.call("write", { target: "run~slow", text: "one\n" })).toBe("written; taken 4");
    // A repeated write with the same offset writes nothing.
    expect(await agent.call("write", { target: "run~slow", text: "one\n", offset: 0 })).toBe("written; taken 4");
    expect(await agent.call("wait", { target: "run~slow", until: "output", text: "got one" })).toStartWith("found");
    expect(await agent.call("wait", { target: "run~slow", timeout: 0.2 })).toContain("running as pid");
    expect(await agent.call("stop", { target: "run~slow" })).toBe("run~slow has stopped");
    expect(await agent.call("status", { target: "run~slow" })).toMatch(/terminated by SIGTERM .* ended by request$/);
  });

  test("is stopped by its `timeout`", async () => {
    expect(await agent.call("run", { command: "exec sleep 600", timeout: 0.3 })).toContain("ended by timeout");
  });
});

describe("a template", () => {
  test("is started, shown, restarted and stopped", async () => {
    const command = "echo ready $WORD; exec sleep 600";
    expect(await agent.call("start", { name: "web", command, env: { WORD: "now" } })).toMatch(
      /^web is created, pids \d+$/,
    );
    expect(await agent.call("wait", { target: "web", until: "output", text: "ready now" })).toStartWith("found");
    expect(await agent.call("list", { contains: "web" })).toMatch(/^web: running, 1 of 1 processes \(pids \d+\)$/);
    const [, before] = /pids: (\d+)/.exec(await agent.call("status", { target: "web" })) ?? [];
    expect(await agent.call("restart", { name: "web" })).not.toContain(`pids ${before}`);
    expect(await agent.call("status", { target: String(before) })).toContain(
      `pid ${before} of web terminated by SIGTERM`,
    );
    await agent.call("stop", { target: "web" });
    expect(await agent.call("status", { target: "web" })).toContain("web: stopped, 0 of 1 processes");
    expect(await agent.call("wait", { target: "web", until: "running", timeout: 0.2 })).toStartWith("the time is over");
    await agent.call("start", { name: "web" });
    expect(await agent.call("wait", { target: "web", until: "running" })).toStartWith("web: running");
  });

  test("that does not run says why", async () => {
    await agent.call("start", { name: "broken", command: "echo no >&2; exit 7" });
    const deadlineMs = performance.now() + 10_000;
    let text = "";
    while (!text.includes("reason: ") && performance.now() < deadlineMs) {
      text = await agent.call("status", { target: "broken" });
    }
    expect(text).toMatch(/reason: .*exited with status 7/);
    expect(text).toMatch(/pid \d+ exited with status 7 at /);
    await agent.call("stop", { target: "broken" });
  });
});

describe("read", () => {
  test("of two agents: each continues where it was, and neither takes the other's lines", async () => {
    await agent.call("run", { command: "cat", id: "shared", wait: 0 });
    await agent.call("write", { target: "run~shared", text: "first\n" });
    await agent.call("wait", { target: "run~shared", until: "output", text: "first" });
    const [mine, its] = await Promise.all([agent, other].map((each) => each.call("read", { target: "run~shared" })));
    await agent.call("write", { target: "run~shared", text: "second\n", eof: true });
    await agent.call("wait", { target: "run~shared" });
    for (const [reader, text] of [
      [agent, mine],
      [other, its],
      [agent, mine],
    ] as const) {
      expect(text).toContain("first");
      const more = await reader.call("read", { target: "run~shared", since: nextOf(text ?? "") });
      expect(more).toContain("[7 bytes");
      expect(more).toContain("second");
      expect(more).not.toContain("first");
    }
  });

  test("of a process that has ended still answers, by its pid too, and one output alone", async () => {
    await agent.call("run", { command: "echo visible; echo wrong >&2", id: "ended" });
    const [, pid = ""] = /stdout of (\d+)/.exec(await agent.call("read", { target: "run~ended" })) ?? [];
    const text = await other.call("read", { target: pid, output: "stderr" });
    expect(text).toContain("wrong");
    expect(text).not.toContain("visible");
    expect(await other.call("status", { target: pid })).toContain(`pid ${pid} of run~ended exited with status 0`);
  });

  test("is bounded, and characters are not cut", async () => {
    await agent.call("run", { command: "seq -f 'ä€😀 %g' 1 50000", id: "long" });
    const text = await agent.call("read", { target: "run~long", max_bytes: 1000 });
    expect(Buffer.byteLength(text)).toBeLessThan(1200);
    expect(text).toMatch(/\[omitted \d+ bytes\]/);
    expect(text).not.toContain("\uFFFD");
    expect(text).toContain("ä€😀 50000");
  });
});

test("search finds literal text in everything that is held, newest last", async () => {
  await agent.call("run", { command: "echo 'a.c (1)'; echo abc; echo 'A.C again'", id: "haystack" });
  expect(await agent.call("search", { text: "a.c", target: "run~haystack" })).toMatch(
    /^1 lines\n\S+ run~haystack\[\d+\] stdout: a\.c \(1\)$/,
  );
  expect(await agent.call("search", { text: "a.c", ignore_case: true, limit: 1 })).toMatch(
    /^the newest 1 lines\n.*A\.C again$/,
  );
  expect(await agent.call("search", { text: "(a+)+$" })).toBe("no line has it");
});

test("search finds what is on disk and no longer held", async () => {
  const body = { name: "kept", cmd: "echo needle; seq 1 20000; echo end; sleep 600", shell: true };
  const settings = { ...body, output_keep: "1m", output_buffer: "4k" };
  await fetch(`${gafferd.url}/processes`, { method: "POST", body: JSON.stringify(settings) });
  await agent.call("wait", { target: "kept", until: "output", text: "end" });
  expect(await agent.call("read", { target: "kept" })).not.toContain("needle");
  const find = async () => await agent.call("search", { text: "NEEDLE", ignore_case: true, target: "kept" });
  const found = await waitFor(async () => /^1 lines\n.*/.exec(await find())?.[0], "the line on disk");
  expect(found).toMatch(/^1 lines\n\S+ kept\[\d+\] stdout: needle$/);
});

describe("an error", () => {
  test.each([
    ["read", { target: "nobody" }, "there is no process template `nobody`"],
    ["status", { target: "run~nobody" }, "there is no run `nobody`"],
    ["start", { name: "nobody" }, "there is no process template `nobody`"],
    ["start", { name: "web", cwd: "/" }, "need command"],
    ["wait", { target: "web", until: "output" }, "needs text"],
    ["run", {}, "Invalid arguments for tool run"],
    ["run", { command: "x", wait: 1e9 }, "Invalid arguments for tool run"],
    ["nothing", {}, "nothing"],
  ])("of %s %p is a result that the model can read", async (name, args, message) => {
    expect(await agent.fail(name, args)).toContain(message);
  });
});

/** Sends a message, as `curl` would. */
const post = async (message: unknown, headers: Record<string, string> = {}) =>
  await fetch(address(), {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers },
    body: typeof message === "string" ? message : JSON.stringify(message),
  });
/** How many readers the template `idle` has. */
const readers = async () =>
  /gafferd_template_readers\{[^}]*idle[^}]*\} (\d+)/.exec(await (await fetch(`${gafferd.url}/metrics`)).text())?.[1];
describe("raw requests", () => {
  const ping = { jsonrpc: "2.0", id: 1, method: "ping" };

  test("are answered as server-sent events, without a session", async () => {
    const answer = await post({ jsonrpc: "2.0", id: 7, method: "tools/call", params: { name: "list", arguments: {} } });
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    expect(answer.headers.get("mcp-session-id")).toBeNull();
    const text = await answer.text();
    const [, data = ""] = /^data: (\{.*)$/m.exec(text) ?? [];
    expect(JSON.parse(data)).toMatchObject({ jsonrpc: "2.0", id: 7, result: { content: [{ type: "text" }] } });
  });

  test("of web pages of other origins are refused by gafferd", async () => {
    expect((await post(ping, { origin: "https://evil.example" })).status).toBe(403);
    expect((await post(ping, { host: "evil.example" })).status).toBe(403);
  });

  test("that are no JSON-RPC are refused, and GET and DELETE are 405", async () => {
    expect((await post("{")).status).toBe(400);
    expect((await post({ hello: 1 })).status).toBe(400);
    expect((await post(ping, { accept: "text/html" })).status).toBe(406);
    for (const method of ["GET", "DELETE"]) expect((await fetch(address(), { method })).status).toBe(405);
    expect((await post(" ".repeat(5_000_000))).status).toBe(413);
  });

  test("that are cut off stop waiting", async () => {
    await agent.call("start", { name: "idle", command: "exec sleep 600" });
    const left = new AbortController();
    const params = { name: "wait", arguments: { target: "idle", until: "output", text: "never", timeout: 600 } };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params });
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const asked = fetch(address(), { method: "POST", headers, body, signal: left.signal });
    await (
      await asked
    ).body
      ?.getReader()
      .read()
      .catch(() => {});
    left.abort();
    const deadlineMs = performance.now() + 10_000;
    while ((await readers()) !== "0" && performance.now() < deadlineMs) await Bun.sleep(50);
    expect(await readers()).toBe("0");
  });
});
