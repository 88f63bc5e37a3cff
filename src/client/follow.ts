import { defaultRetryMs, toDelayMs } from "./backoff.ts";
import { GafferdClientError } from "./error.ts";
import { EventParser, type StreamEvent } from "./event-parser.ts";
import { unexpected } from "./transport.ts";

/** A longer timer would fire immediately. */
const maxTimerMs = 2 ** 31 - 1;

/** `open`: connected. `lost`: the connection failed or ended, and another attempt follows. */
export type ConnectionState = "open" | "lost";

export interface FollowOptions {
  /** Requests the events after `lastId`, or from the start if it is empty. */
  readonly connect: (lastId: string, signal: AbortSignal) => Promise<Response>;
  /** Ends the iteration without an error. */
  readonly signal: AbortSignal;
  /** A connection on which nothing arrives for this time, not even a heartbeat, is closed as dead. */
  readonly silenceMs: number;
  /** Called when the state changes, before the first event of a new connection. */
  readonly onConnection?: ((state: ConnectionState) => void) | undefined;
}

/**
 * Follows server-sent events across reconnections: each new connection continues from the last id. Ends when the server
 * answers that there is nothing more (204). Throws errors that another attempt would not fix.
 */
export async function* followEvents({
  connect,
  signal,
  silenceMs,
  onConnection,
}: FollowOptions): AsyncGenerator<StreamEvent, void> {
  let parser = new EventParser();
  let retryMs = defaultRetryMs;
  let failures = 0;
  let state: ConnectionState | undefined;
  const setState = (next: ConnectionState) => {
    if (next !== state) onConnection?.(next);
    state = next;
  };
  /** The server itself ended the last connection, so no event was lost. */
  let endedByServer = false;
  while (!signal.aborted) {
    const connection = new Connection(signal, silenceMs);
    let waitMs = 0;
    try {
      const response = await connection.within(connect(parser.lastId, connection.signal));
      if (response.status === 204) return;
      assertEventStream(response);
      setState("open");
      endedByServer = false;
      parser = new EventParser(parser.lastId);
      for await (const bytes of connection.read(response)) {
        failures = 0;
        const events = parser.push(bytes);
        retryMs = parser.retryMs ?? retryMs;
        for (const event of events) {
          yield event;
          if (signal.aborted) return;
        }
      }
      endedByServer = true;
    } catch (error) {
      if (signal.aborted || (endedByServer && isGone(error))) return;
      if (isFinal(error)) throw error;
      waitMs = error instanceof GafferdClientError ? (error.retryAfterMs ?? 0) : 0;
    } finally {
      connection.close();
    }
    setState("lost");
    await pause(Math.max(waitMs, toDelayMs(failures, retryMs, Math.random())), signal);
    failures += 1;
  }
}

/** One connection. It is aborted when its parent is, or when nothing arrives for too long while it is being read. */
class Connection {
  readonly #controller = new AbortController();
  readonly #parent: AbortSignal;
  readonly #silenceMs: number;
  readonly #abort = () => this.#controller.abort();

  constructor(parent: AbortSignal, silenceMs: number) {
    this.#parent = parent;
    this.#silenceMs = silenceMs;
    parent.addEventListener("abort", this.#abort);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async within<T>(promise: Promise<T>): Promise<T> {
    const timer = setTimeout(this.#abort, this.#silenceMs);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async *read({ body }: Response): AsyncGenerator<Uint8Array, void> {
    if (body === null) return;
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await this.within(reader.read());
      if (done) return;
      yield value;
    }
  }

  close(): void {
    this.#parent.removeEventListener("abort", this.#abort);
    this.#abort();
  }
}

function assertEventStream(response: Response): void {
  if (response.headers.get("content-type")?.startsWith("text/event-stream") !== true) {
    throw unexpected(response, `GET ${response.url}`);
  }
}

/** Whether the template or process no longer exists. */
function isGone(error: unknown): boolean {
  return error instanceof GafferdClientError && error.code === "not_found";
}

/** Whether another attempt is useless. Not for network errors, a stopping daemon, or a proxy that cannot reach it. */
function isFinal(error: unknown): boolean {
  if (error instanceof RangeError) return true;
  if (!(error instanceof GafferdClientError) || error.code === "overloaded") return false;
  return error.code !== "unexpected_answer" || (error.status < 500 && error.status !== 429);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, maxTimerMs));
    signal.addEventListener("abort", end);
  });
}
