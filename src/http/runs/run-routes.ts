import { Elysia } from "elysia";
import { GafferdError } from "../../errors.ts";
import { processSource } from "../../reading/output-source.ts";
import { checkRunId, createRunId, nameOfRun } from "../../runs/run-id.ts";
import { parseRun } from "../../runs/run-settings.ts";
import type { HostedProcess, Run } from "../../runs/run.ts";
import { hasEnded, type Runs } from "../../runs/runs.ts";
import type { Leases } from "../../leases/leases.ts";
import { finishInSlices } from "../../slices.ts";
import { assertLease, withLease } from "../feed/held-lease.ts";
import { eventHeaders } from "../feed/feed-headers.ts";
import { encodeJsonEvent } from "../feed/sse.ts";
import { keepOpen } from "../listen/connection.ts";
import { readObject } from "../operation/body.ts";
import { signalNumberOf } from "../operation/signal-number.ts";
import { TextAnswer } from "../operation/text-answer.ts";
import { groupFlag } from "../processes/group-flag.ts";
import type { OutputAnswers } from "../streams/output-answers.ts";
import { answerInput, inputPositionOf } from "../streams/stdin-routes.ts";
import { toListedRunDocument, toRunDocument } from "./run-document.ts";
import {
  listRunsParameters,
  parseRunQuery,
  readParameters,
  type RunQuery,
  startParameters,
  stopParameters,
} from "./run-query.ts";
import { waitForEnd } from "./wait-for-end.ts";

export interface RunRoutesOptions {
  readonly runs: Runs;
  readonly outputs: OutputAnswers;
  readonly leases: Leases;
}

/** `/runs`: start a process once, follow it, write to it, and learn how it ended. */
export function runRoutes({ runs, outputs, leases }: RunRoutesOptions) {
  return new Elysia({ name: "runs" })
    .get("/runs", ({ request }) => list(queryOf(request)))
    .post(
      "/runs",
      ({ request, set }) => {
        const id = createRunId();
        return start(request, id, () => (set.headers["location"] = `/runs/${id}`));
      },
      { parse: "none" },
    )
    .get("/runs/:id", async ({ request, params }) => {
      const query = parseRunQuery(queryOf(request), readParameters);
      const run = await runs.get(params.id);
      return await answer(request, { run, existing: true }, query);
    })
    .put("/runs/:id", ({ request, params }) => start(request, checkRunId(params.id)), { parse: "none" })
    .delete("/runs/:id", async ({ request, params }) => {
      keepOpen(request);
      return { ok: true, existed: await runs.remove(params.id) };
    })
    .get("/runs/:id/output", ({ request, params: { id } }) => read(request, id))
    .get("/runs/:id/output/:label", ({ request, params: { id, label } }) => read(request, id, label))
    .get("/runs/:id/stdin", async ({ params, set }) => {
      const { process } = await hostedBy(params.id, "read the input position of");
      return inputPositionOf(process, set);
    })
    .post(
      "/runs/:id/stdin",
      async ({ request, params, set }) => {
        keepOpen(request);
        const { process } = await hostedBy(params.id, "write to");
        return await answerInput(request, process, set);
      },
      { parse: "none" },
    )
    .post(
      "/runs/:id/_stop",
      async ({ request, params }) => {
        keepOpen(request);
        const maxBytes = stopParameters.max_bytes.read(queryOf(request));
        const run = await runs.get(params.id);
        await runs.stop(run, "request");
        return toRunDocument(run, { existing: true, maxBytes });
      },
      { parse: "none" },
    )
    .post(
      "/runs/:id/_signal/:sig",
      async ({ request, params }) => {
        const run = await runs.get(params.id);
        runs.signal(run, signalNumberOf(params.sig), { group: groupFlag.read(queryOf(request)) });
        return { ok: true };
      },
      { parse: "none" },
    );

  async function start(request: Request, id: string, onStarted?: () => void): Promise<object> {
    const query = parseRunQuery(queryOf(request), startParameters);
    const settings = parseRun(await readObject(request), id, process.cwd());
    const { template } = settings;
    if (query.feed !== "longpoll") outputs.assertAnswerable(request, { template, target: id });
    assertLease(request, leases, template.owner);
    keepOpen(request);
    const started = await runs.start(id, settings);
    onStarted?.();
    return await answer(request, started, query);
  }

  async function answer(
    request: Request,
    { run, existing }: { readonly run: Run; readonly existing: boolean },
    query: RunQuery,
  ): Promise<object> {
    const { hosted } = run;
    if (query.feed !== "longpoll") {
      if (hosted === undefined && query.feed === "eventsource") return answerWithoutOutput(run, existing);
      if (hosted === undefined) throw outputGone(run);
      return await outputs.answer(request, { ...toReadable(run, hosted), encoding: encodingOf(run, existing) });
    }
    keepOpen(request);
    await withLease(request, leases, () => waitForEnd(run, query.waitMs, request.signal));
    return toRunDocument(run, { existing, maxBytes: query.maxBytes });
  }

  async function list(query: URLSearchParams): Promise<TextAnswer> {
    const state = listRunsParameters.state.read(query);
    const shown = runs.list().filter((run) => state === undefined || run.state === state);
    const texts = await finishInSlices(toTexts(shown));
    return new TextAnswer(`[${texts.join(",")}]`, { headers: { "content-type": "application/json;charset=utf-8" } });
  }

  /** Throws `gone` for a run of an earlier gafferd whose output is not on disk. */
  async function read(request: Request, id: string, label?: string): Promise<Response> {
    const run = await runs.get(id);
    const { hosted } = run;
    if (hosted !== undefined) {
      return await outputs.answer(request, { ...toReadable(run, hosted), ...(label !== undefined && { label }) });
    }
    const kept = await outputs.answerKept(request, { name: nameOfRun(id), label });
    if (kept === undefined) throw outputGone(run);
    return kept;
  }

  /** Throws `gone` for a run of an earlier gafferd. */
  async function hostedBy(id: string, verb: string): Promise<HostedProcess> {
    const run = await runs.get(id);
    if (run.hosted === undefined) throw hasEnded(id, verb);
    return run.hosted;
  }
}

function toReadable(run: Run, { supervisor, process }: HostedProcess) {
  return { source: processSource(supervisor, process), template: process.template, target: run.id };
}

/** The events of a run of an earlier gafferd: what it wrote is a gap. */
function answerWithoutOutput(run: Run, existing: boolean): Response {
  const { outputBytes } = run.facts;
  const bytes = outputBytes === undefined ? null : Object.values(outputBytes).reduce((sum, each) => sum + each, 0);
  const gap = bytes === 0 ? [] : [encodeJsonEvent("gap", { bytes, from: null, to: null }, undefined)];
  const { greet, exitOf } = encodingOf(run, existing);
  const events = [greet(undefined), ...gap, encodeJsonEvent("exit", exitOf(), undefined)];
  return new Response(Buffer.concat(events), { headers: eventHeaders() });
}

/** `event: run` first, and the fields of the run in `event: exit`. */
function encodingOf(run: Run, existing: boolean) {
  return {
    greet: (id: string | undefined) => {
      const { pid, os_pid } = toListedRunDocument(run);
      return encodeJsonEvent("run", { id: run.id, pid, os_pid, existing }, id);
    },
    exitOf: () => toListedRunDocument(run),
  };
}

/** Each run is one step. */
function* toTexts(shown: readonly Run[]): Generator<undefined, string[]> {
  const texts: string[] = [];
  for (const run of shown) {
    texts.push(JSON.stringify(toListedRunDocument(run)));
    yield;
  }
  return texts;
}

function outputGone({ id }: Run): GafferdError {
  const reason = "it was kept in memory, and gafferd has been restarted since; `output_keep` keeps it on disk";
  return new GafferdError("gone", `the output of run \`${id}\` is gone: ${reason}; GET /runs/${id} says how it ended`);
}

function queryOf(request: Request): URLSearchParams {
  return new URL(request.url).searchParams;
}
