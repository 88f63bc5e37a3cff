import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../src/daemon/open-store.ts";
import { EventBus } from "../../src/events/bus.ts";
import { type HttpApp, createApp } from "../../src/http/app.ts";
import type { Logger } from "../../src/log.ts";
import { Manager } from "../../src/manager/manager.ts";
import type { Sampler } from "../../src/process/usage/sampler.ts";
import { Runs } from "../../src/runs/runs.ts";
import { Webhooks } from "../../src/webhook/webhooks.ts";
import { type Logged, recordLog } from "../recorded-log.ts";
import { waitFor } from "../wait-for.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, or the text if it is not JSON. */
  readonly body: unknown;
}

/** The complete HTTP layer on a real manager, called without a port. */
export interface Service extends AsyncDisposable {
  readonly app: HttpApp;
  readonly manager: Manager;
  readonly bus: EventBus;
  /** `error cannot answer GET /`, with the logged cause. */
  readonly logged: Logged[];
  readonly log: Logger;
  /** Sends `body` unchanged if it is text or bytes, otherwise as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Resolves when all wanted processes are running; this may take several turns of the event loop. */
  settle(): Promise<void>;
}

async function noReload(): Promise<never> {
  throw new Error("this service cannot reload");
}

export function createService(options: { corsOrigins?: readonly string[]; sampler?: Sampler } = {}): Service {
  const { log, logged } = recordLog();
  const bus = new EventBus((error) => {
    throw error;
  });
  const manager = new Manager({ bus, log });
  const runs = new Runs({ manager, log });
  const stateDir = join(tmpdir(), `gafferd-state-${randomUUID()}`);
  const settings = { hooks: [], timeoutMs: 1000, retries: 3 };
  const store = createStore({ stateDir, log });
  const webhooks = new Webhooks({ bus, log, version: "1.2.3", store, settings });
  const app = createApp({
    manager,
    bus,
    runs,
    webhooks,
    version: "1.2.3",
    corsOrigins: () => options.corsOrigins ?? [],
    reload: noReload,
    log,
    ...(options.sampler && { sampler: options.sampler }),
  });
  return {
    app,
    manager,
    bus,
    logged,
    log,
    async ask(method, path, body, headers = {}) {
      const request = new Request(`http://localhost${path}`, { method, headers, body: toBody(body) });
      return await readAnswer(await app.handle(request));
    },
    async settle() {
      await waitFor(
        () => manager.names().every((name) => manager.get(name).status().state !== "starting"),
        "all wanted processes to run",
      );
    },
    async [Symbol.asyncDispose]() {
      runs.shutdown();
      await manager.close();
      await runs.close();
      await webhooks.stop({ flushMs: 0 });
      await store.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

export async function readAnswer(response: Response): Promise<Answer> {
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json") === true && text !== "";
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

function toBody(body: unknown): string | Uint8Array<ArrayBuffer> | null {
  if (body === undefined) return null;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return typeof body === "string" ? body : JSON.stringify(body);
}
