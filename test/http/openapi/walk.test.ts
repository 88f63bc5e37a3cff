import { describe, expect, spyOn, test } from "bun:test";
import { parseRun } from "../../../src/runs/run-settings.ts";
import { waitFor } from "../../wait-for.ts";
import { serve, type Serving } from "../serving.ts";
import { ask, shakeHands } from "./ask.ts";
import { type Call, type Stage, parameterCalls, plainCalls, toCall, wrongCalls } from "./calls.ts";
import { type Described, fetchDocument, operationsOf } from "./described.ts";
import { createSchemaCheck } from "./schema-check.ts";
import { Seen } from "./seen.ts";

/** Templates with other responses, by the names that replace `web:api` in the examples. */
const stages = {
  "web:api": { cmd: "echo ready; exec cat", restart: "always" },
  "done:api": { cmd: "echo ready" },
  "broken:api": { cmd: "/no/such/program", shell: false, start: false },
  "silent:api": { cmd: "exec sleep 60", redirect_output: [], redirect_input: false },
  "deaf:api": { cmd: "exec sleep 60", stdin_timeout: 0.1 },
  "deleting:api": { cmd: "trap '' TERM; echo ready; sleep 60", graceful_timeout: 60 },
  "leased:api": { cmd: "exec sleep 60", owner: "agent-7", lease: "1h" },
  // `none` is what is tried instead of each part of a path.
  "ended:api": { cmd: "exec sleep 60", owner: "none", lease: "10ms" },
} as const;
type StageName = keyof typeof stages;

const timeoutMs = 10_000;
/** How long a request may wait for a process that does not exit. */
const shortTimeoutMs = 300;
const answered503 = ["503 retry-after", "503 application/json"];
const goneRun = ["410", "410 gone", "410 application/json"];
const unfollowedRun = ["204", "200 x-gaffer-gap", "200 application/x-ndjson"];
/** The outputs of runs with feeds are redirected. */
const silentRun = ["400 io_not_redirected"];
/** Documented responses that this test does not produce, by operation. */
const never: Readonly<Record<string, readonly string[]>> = {
  // No dashboard is installed here; see `test/http/daemon/root.test.ts`.
  "GET /": ["302", "302 location"],
  "HEAD /": ["302", "302 location"],
  // The configuration exists and is valid.
  "POST /_reload": ["409", "409 conflict", "409 application/json", "422", "422 invalid_config", "422 application/json"],
  // There is always an event.
  "GET /watch": ["204 x-gaffer-gap"],
  "HEAD /watch": ["204 x-gaffer-gap"],
  "GET /watch/{p1}/{p2}": ["204 x-gaffer-gap"],
  "HEAD /watch/{p1}/{p2}": ["204 x-gaffer-gap"],
  // There are no 200 webhooks, none from a file, and no request during shutdown.
  "POST /webhooks": ["409", "409 conflict", "409 application/json", "503", "503 overloaded", ...answered503],
  "DELETE /webhooks": ["503", "503 overloaded", ...answered503],
  "DELETE /webhooks/{id}": ["503", "503 overloaded", ...answered503],
  // Everything here can be written as INI; `test/cli/export.test.ts` has what cannot.
  "GET /processes": ["422", "422 invalid_config", "422 application/json"],
  "HEAD /processes": ["422"],
  // Templates have one process here; `test/http/streams/stdin.test.ts` tests two.
  "POST /streams/{target}/stdin": ["409", "409 conflict", "409 application/json"],
  "GET /streams/{target}/stdin": ["409", "409 conflict", "409 application/json"],
  "HEAD /streams/{target}/stdin": ["409"],
  // No run is of an earlier gafferd, and none is followed to its end; `test/http/runs/` tests both.
  "GET /runs/{id}": [...goneRun, ...unfollowedRun, ...silentRun],
  "HEAD /runs/{id}": [...goneRun, ...unfollowedRun],
  "GET /runs/{id}/output": goneRun,
  "HEAD /runs/{id}/output": goneRun,
  "GET /runs/{id}/output/{label}": goneRun,
  "HEAD /runs/{id}/output/{label}": goneRun,
  "GET /runs/{id}/stdin": goneRun,
  "HEAD /runs/{id}/stdin": goneRun,
  "POST /runs": [...unfollowedRun, ...silentRun],
  // It exists when a body or a stop of gafferd would refuse it.
  "PUT /runs/{id}": [
    ...goneRun,
    ...unfollowedRun,
    ...silentRun,
    "422",
    "422 spawn_failed",
    "422 application/json",
    "503",
    "503 overloaded",
    ...answered503,
  ],
  // Nothing is missing before an offset of 0, and nothing survives SIGKILL.
  "POST /runs/{id}/stdin": ["409", "409 conflict", "409 application/json"],
  "DELETE /runs/{id}": ["409", "409 conflict", "409 application/json"],
};
/** An internal error, which no request may cause. */
const internalError = ["500", "500 internal", "500 application/json"];
/** There are enough file descriptors here; `test/faults/descriptors.test.ts` tests the shortage. */
const overloaded = ["503", "503 overloaded", "503 application/json", "503 retry-after"];

const own = await serve();
const document = await fetchDocument(own.url);
await own.daemon.stop();
const check = createSchemaCheck(document);

describe("every response is documented, and every documented response occurs", () => {
  test.each(operationsOf(document).map((each) => [each.key, each] as const))("%s", async (_, described) => {
    using asked = spyOn(URLSearchParams.prototype, "get");
    const seen = new Seen(described, document, check);
    const serving = await serve();
    try {
      await walk(serving, described, seen);
    } finally {
      const stopped = serving.daemon.stop();
      serving.daemon.forceStop();
      await stopped;
    }
    const expected = [...internalError, ...(isSafe(described) ? overloaded : []), ...(never[described.key] ?? [])];
    expect(seen.missing().filter((fact) => !expected.includes(fact))).toEqual([]);
    const names = (described.operation.parameters ?? []).filter((each) => each.in === "query").map(({ name }) => name);
    expect([...new Set(asked.mock.calls.map(([name]) => name))].toSorted()).toEqual(names.toSorted());
  });
});

async function walk(serving: Serving, described: Described, seen: Seen): Promise<void> {
  await Promise.all(Object.keys(stages).map((name) => setUp(serving, name as StageName)));
  const tryAll = async (calls: readonly Call[], callTimeoutMs = timeoutMs) => {
    // Read-only requests can run concurrently.
    if (isSafe(described))
      await Promise.all(calls.map((call) => tryCall(serving, described, seen, call, callTimeoutMs)));
    else for (const call of calls) await tryCall(serving, described, seen, call, callTimeoutMs);
  };
  await setUpWebhook(serving, described);
  await setUpRuns(serving, described);
  if (!isSafe(described)) await tryOneByOne(serving, described, seen);
  await setUp(serving, "web:api");
  const stage = stageOf(serving, "web:api");
  await tryAll([
    ...(isSafe(described) ? plainCalls(described, stage) : []),
    ...parameterCalls(described, stage),
    ...wrongCalls(described, stage),
    ...(["done:api", "broken:api", "silent:api", "deaf:api"] as const).flatMap((name) => {
      // The process first: actions on its template may end it.
      const calls = plainCalls(described, stageOf(serving, name)).toReversed();
      return name === "deaf:api" ? calls.map((call) => flooding(described, call)) : calls;
    }),
  ]);
  // It ends when the daemon stops.
  void fetch(`${serving.url}/processes/deleting:api`, { method: "DELETE" }).catch(() => {});
  if (isOfRuns(described)) void fetch(`${serving.url}/runs/deleting:api`, { method: "DELETE" }).catch(() => {});
  await waitFor(() => serving.daemon.manager.get("deleting:api").status().stopped, "the deletion to begin");
  await tryAll(plainCalls(described, stageOf(serving, "deleting:api")), shortTimeoutMs);
  // It cannot finish before the other one, so that the request is reliably rejected.
  void serving.daemon.stop();
  const isRefused = "503" in described.operation.responses;
  await tryAll([toCall(described, stageOf(serving, "web:api"))], isRefused ? timeoutMs : shortTimeoutMs);
}

/** Calls each example of the path. Restores the template first, because the previous call may have ended it. */
async function tryOneByOne(serving: Serving, described: Described, seen: Seen): Promise<void> {
  const { length } = plainCalls(described, stageOf(serving, "web:api"));
  for (let index = 0; index < length; index++) {
    await setUp(serving, "web:api");
    await setUpWebhook(serving, described);
    await setUpRuns(serving, described);
    const call = plainCalls(described, stageOf(serving, "web:api"))[index];
    if (call !== undefined) await tryCall(serving, described, seen, call, timeoutMs);
  }
}

async function tryCall(
  serving: Serving,
  described: Described,
  seen: Seen,
  call: Call,
  callTimeoutMs: number,
): Promise<void> {
  const request = `${call.method} ${call.path}`;
  if ("101" in described.operation.responses) await seen.take(await shakeHands(serving.url, call), request);
  const answer = await ask(serving.url, call, callTimeoutMs);
  if (answer === undefined) {
    if (callTimeoutMs === timeoutMs) throw new Error(`${request} was not answered`);
    return;
  }
  await seen.take(answer, request);
  const next = answer.headers.get("x-gaffer-next");
  if (next === null || answer.status !== 200 || call.path.includes("since=r")) return;
  await tryCall(serving, described, seen, { ...call, path: `${call.path}&since=${next}`, headers: {} }, callTimeoutMs);
}

/** Creates a template, or restores it. */
async function setUp(serving: Serving, name: StageName): Promise<void> {
  const { manager } = serving.daemon;
  if (!manager.names().includes(name)) {
    const keep = name === "web:api" ? { output_keep: "64m" } : {};
    const defaults = { shell: true, redirect_output: ["stdout", "stderr"], redirect_input: true, ...keep };
    await serving.create({ name, ...defaults, ...structuredClone(stages[name]) } as Parameters<Serving["create"]>[0]);
  }
  if (name === "web:api") {
    if (manager.get(name).status().numprocesses === 0) await manager.scale(name, 1);
    manager.start(name);
  }
  const isReady = () => {
    const process = manager.get(name).processes[0];
    return process !== undefined && (process.rings.get("stdout")?.head ?? 0) > 0;
  };
  if (name === "web:api" || name === "deleting:api") await waitFor(isReady, `the output of ${name}`);
  if (name === "ended:api") await waitFor(() => manager.get(name).status().stopped, "the end of a lease");
  if (name === "done:api") await waitFor(() => manager.get(name).exits[0]?.outputEnded, `the end of ${name}`);
}

/** For operations on webhooks, registers the webhook of the examples. */
async function setUpWebhook({ url }: Serving, { path }: Described): Promise<void> {
  if (!path.startsWith("/webhooks")) return;
  const body = document.paths["/webhooks"]?.["post"]?.requestBody?.content["application/json"]?.example;
  await fetch(`${url}/webhooks`, { method: "POST", body: JSON.stringify(body) });
}

/** For operations on runs, starts a run for each template, with its name as the id. `broken:api` does not exist. */
async function setUpRuns({ daemon }: Serving, described: Described): Promise<void> {
  if (!isOfRuns(described)) return;
  for (const [id, { cmd, ...settings }] of Object.entries(stages)) {
    // Requests start it.
    if (id === "broken:api" || (id === "web:api" && described.method === "PUT")) continue;
    const { restart: _, ...ofProcess } = { restart: "", ...settings };
    const body = { cmd, shell: true, redirect_input: true, ...ofProcess };
    const { run } = await daemon.runs.start(id, parseRun(structuredClone(body), id, "/"));
    if (id === "done:api") await run.ended;
    const hasOutput = () => (run.hosted?.process.rings.get("stdout")?.head ?? 0) > 0;
    if (cmd.includes("echo ready")) await waitFor(hasOutput, `the output of the run ${id}`);
  }
}

function isOfRuns({ path }: Described): boolean {
  return path.startsWith("/runs");
}

function stageOf({ daemon }: Serving, name: StageName): Stage {
  if (!daemon.manager.names().includes(name)) return { name, pid: 999 };
  const { processes, exits } = daemon.manager.get(name);
  return { name, pid: (processes[0] ?? exits.at(-1))?.id ?? 999 };
}

function isSafe({ method }: Described): boolean {
  return ["GET", "HEAD", "OPTIONS"].includes(method);
}

/** With a body that is larger than a pipe, if a body is accepted. */
function flooding({ operation }: Described, call: Call): Call {
  const takesBytes = operation.requestBody?.content["application/octet-stream"] !== undefined;
  return takesBytes ? { ...call, body: "x".repeat(500_000) } : call;
}
