import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStore } from "../../src/daemon/open-store.ts";
import { EventBus } from "../../src/events/bus.ts";
import type { Logger } from "../../src/log.ts";
import { startWebhooks, type Webhooks, type WebhooksOptions } from "../../src/webhook/webhooks.ts";

export interface Sending extends AsyncDisposable {
  readonly bus: EventBus;
  readonly webhooks: Webhooks;
  readonly stateDir: string;
  readonly logged: string[];
  /** Publishes events `create` of templates of these names. */
  publish(...names: string[]): void;
}

export interface SendingOptions {
  /** URLs by pattern, as of the file. */
  readonly hooks?: Readonly<Record<string, readonly string[]>>;
  readonly secret?: string;
  readonly retries?: number;
  readonly timeoutMs?: number;
  /** That of another, which is then left where it is. */
  readonly stateDir?: string;
  readonly limits?: NonNullable<WebhooksOptions["limits"]>;
}

/** Webhooks that try again after some milliseconds, on a bus of their own. */
export async function send(options: SendingOptions = {}): Promise<Sending> {
  const logged: string[] = [];
  const to = (level: string) => (message: string, cause?: unknown) => {
    logged.push(`${level} ${message}${cause === undefined ? "" : ` ${String(cause)}`}`);
  };
  const log: Logger = { debug: to("debug"), info: to("info"), warn: to("warn"), error: to("error") };
  const bus = new EventBus((error) => {
    throw error;
  });
  const stateDir = options.stateDir ?? join(tmpdir(), `gafferd-state-${randomUUID()}`);
  const store = createStore({ stateDir, log });
  const webhooks = await startWebhooks({
    bus,
    log,
    version: "1.2.3",
    store,
    settings: {
      hooks: Object.entries(options.hooks ?? {}).map(([pattern, urls]) => ({ pattern, urls })),
      ...(options.secret !== undefined && { secret: options.secret }),
      timeoutMs: options.timeoutMs ?? 5000,
      retries: options.retries ?? 1000,
    },
    backoff: { firstMs: 4, maxMs: 20 },
    ...(options.limits !== undefined && { limits: options.limits }),
  });
  return {
    bus,
    webhooks,
    stateDir,
    logged,
    publish: (...names) => {
      for (const name of names) bus.publish({ type: "create", name });
    },
    async [Symbol.asyncDispose]() {
      await webhooks.stop({ flushMs: 0 }).catch(() => {});
      await store.close();
      if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
