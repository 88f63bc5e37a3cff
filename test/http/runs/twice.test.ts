import { expect, test } from "bun:test";
import { readPage } from "../../docs/page.ts";
import { waitFor } from "../../wait-for.ts";
import { useRuns } from "./hosting-runs.ts";

const runs = useRuns();

/** The rows of the table in the manual, by request: whether it is safe to retry. */
const told = new Map(
  readPage("docs/http-api.md")
    .split("## Safe to retry")[1]!
    .split("\n## ")[0]!
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .flatMap((line) => {
      const [requests = "", isSafe = ""] = line.split(" | ");
      return [...requests.matchAll(/`([^`]+)`/g)].map(([, request = ""]) => [request, isSafe] as const);
    }),
);

/** What a request may change: everything but times, and the numbers of processes that were replaced. */
async function stateOf(): Promise<unknown> {
  const { manager } = runs.service;
  await runs.service.settle();
  const templates = manager.names().map((name) => {
    const { processes, template } = manager.get(name);
    const signals = processes.reduce((sum, process) => sum + usr1In(process), 0);
    return { name, state: manager.get(name).status().state, cmd: template.cmd, running: processes.length, signals };
  });
  const all = manager.runs.all.map(({ template, processes, exits }) => {
    const process = processes[0] ?? exits[0];
    return { name: template.name, running: processes.length, taken: process?.stdin?.taken, signals: usr1In(process) };
  });
  const { body: webhooks } = await runs.ask("GET", "/webhooks");
  return {
    templates,
    runs: all,
    webhooks: (webhooks as { url: string; patterns: string[] }[]).map(({ url, patterns }) => [url, patterns]),
  };
}

/** The bytes that a process writes when it gets SIGUSR1. */
function usr1In(process: { rings: ReadonlyMap<string, { head: number; oldest: number }> } | undefined): number {
  return process?.rings.get("stderr")?.head ?? 0;
}

interface Example {
  readonly path: string;
  readonly body?: unknown;
  /** How the answers to the first and to the second request differ. Default: both are 200. */
  readonly second?: number;
  /** Waits until what the request does has happened. */
  readonly done?: (times: number) => Promise<unknown>;
}

const counting = "trap 'echo usr1 >&2' USR1; echo ready; while :; do sleep 0.02; done";
/** Waits until the processes have got the signal so often. */
const usr1 = (name: string) => async (times: number) => {
  await waitFor(() => signalsOf(name) >= times, "the signal");
};

function signalsOf(name: string): number {
  const { manager } = runs.service;
  const { processes } = manager.runs.find(name) ?? manager.get(name);
  return Math.min(...processes.map(usr1In)) / "usr1\n".length;
}

/** For each row, a request that is sent twice. */
const examples: Record<string, Example> = {
  "PUT /runs/:id": { path: "/runs/new", body: { cmd: "true" } },
  "POST /runs": { path: "/runs", body: { cmd: "true" } },
  "POST /runs/:id/_stop": { path: "/runs/a/_stop" },
  "POST /runs/:id/_signal/:sig": { path: "/runs/a/_signal/USR1", done: usr1("run~a") },
  "POST /runs/:id/stdin": { path: "/runs/cat/stdin?offset=0", body: "hello" },
  "POST /streams/:pid/stdin": { path: "/streams/run~cat/stdin?offset=0", body: "hello" },
  "DELETE /runs/:id": { path: "/runs/a" },
  "POST /processes": { path: "/processes", body: { name: "new", cmd: "sleep 60" }, second: 409 },
  "PUT /processes/:name": { path: "/processes/g:t", body: { cmd: "sleep 61" } },
  "POST /processes/:name": { path: "/processes/g:t", body: { cmd: "sleep 61" } },
  "DELETE /processes/:name": { path: "/processes/g:t", second: 404 },
  "DELETE /processes/:pid": { path: "/processes/1", second: 410 },
  "POST /processes/:pid/_stop": { path: "/processes/1/_stop", second: 410 },
  "POST /processes/:name/_start": { path: "/processes/g:t/_start" },
  "POST /processes/:name/_stop": { path: "/processes/g:t/_stop" },
  "POST /processes/:name/_restart": { path: "/processes/g:t/_restart" },
  "POST /processes/:name/_add": { path: "/processes/g:t/_add" },
  "POST /processes/:name/_add/:n": { path: "/processes/g:t/_add/2" },
  "POST /processes/:name/_sub": { path: "/processes/g:t/_sub" },
  "POST /processes/:name/_sub/:n": { path: "/processes/g:t/_sub/1" },
  "POST /processes/:name/_signal/:sig": { path: "/processes/g:t/_signal/USR1", done: usr1("g:t") },
  "POST /groups/:group/_start": { path: "/groups/g/_start" },
  "POST /groups/:group/_stop": { path: "/groups/g/_stop" },
  "POST /groups/:group/_restart": { path: "/groups/g/_restart" },
  "DELETE /groups/:group": { path: "/groups/g", second: 404 },
  "POST /webhooks": { path: "/webhooks", body: { url: "http://127.0.0.1:1/", event: "exit" } },
  "DELETE /webhooks": { path: "/webhooks", body: { url: "http://127.0.0.1:1/old" }, second: 404 },
  "DELETE /webhooks/:id": { path: "/webhooks/ID", second: 404 },
  "POST /_reload": { path: "/_reload" },
};

test("every row of the table has an example", () => {
  expect([...told.keys()].toSorted()).toEqual(Object.keys(examples).toSorted());
});

/** A service without a configuration cannot reload; `test/daemon/reload.test.ts` reloads again and again. */
const elsewhere = ["POST /_reload"];

test.each([...told].filter(([request]) => !elsewhere.includes(request)))(
  "%s: safe to retry: %s",
  async (request, isSafe) => {
    await runs.ask("POST", "/processes", {
      name: "g:t",
      cmd: counting,
      shell: true,
      numprocesses: 2,
      graceful_timeout: 0,
    });
    await runs.put("a", { cmd: counting, shell: true, graceful_timeout: 0 }, "?wait=0");
    await runs.put("cat", { cmd: "cat", redirect_input: true }, "?wait=0");
    const { body: webhook } = await runs.ask("POST", "/webhooks", { url: "http://127.0.0.1:1/old", event: "exit" });
    const ready = () =>
      [runs.service.manager.get("g:t"), runs.service.manager.runs.find("run~a")!].every(({ processes }) =>
        processes.every(({ rings }) => (rings.get("stdout")?.head ?? 0) > 0),
      );
    await waitFor(ready, "the processes");
    const [method = ""] = request.split(" ");
    const { path, body, second = 200, done } = examples[request]!;
    const send = () => runs.ask(method, path.replace("ID", (webhook as { id: string }).id), body);
    const first = await send();
    expect(first.status).toBe(200);
    await done?.(1);
    const once = await stateOf();
    expect((await send()).status).toBe(second);
    await done?.(2);
    const twice = await stateOf();
    if (isSafe === "no") expect(twice).not.toEqual(once);
    else expect(twice).toEqual(once);
  },
);
