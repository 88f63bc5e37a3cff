import { afterEach } from "bun:test";
import type { RunDocument } from "../../../src/documents/run-schemas.ts";
import { createService, type Answer, type Service } from "../service.ts";

/** The HTTP layer for each test of a file, with shortcuts for runs. */
export function useRuns() {
  let current: Service | undefined;
  let stopping: Promise<void> | undefined;
  const stop = async () => await (stopping ??= Promise.resolve(current?.[Symbol.asyncDispose]()));
  afterEach(async () => {
    await stop();
    current = stopping = undefined;
  });
  const ask = async (
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer> => {
    current ??= createService();
    return await current.ask(method, path, body, headers);
  };
  return {
    ask,
    /** Stops it before the end of the test. */
    stop,
    get service(): Service {
      return (current ??= createService());
    },
    /** Starts a run over HTTP, or attaches to it. */
    async put(id: string, body: object, query = ""): Promise<RunDocument> {
      const answer = await ask("PUT", `/runs/${id}${query}`, body);
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
      return answer.body as RunDocument;
    },
    async get(id: string, query = ""): Promise<RunDocument> {
      return (await ask("GET", `/runs/${id}${query}`)).body as RunDocument;
    },
  };
}
