import { defaultRetryMs, toDelayMs } from "./backoff.ts";
import { GafferdClientError } from "./error.ts";
import { EventParser, type StreamEvent } from "./event-parser.ts";
import { unexpected } from "./transport.ts";

/** A timer that is set for longer fires at once. */
const maxTimerMs = 2 ** 31 - 1;

/** `open`: a connection is there, and brings what happens from now on. `lost`: there is none, and another attempt follows. */
export type ConnectionState = "open" | "lost";

export interface FollowOptions {
  /** Asks for the events after `lastId`, from the start if it is empty. */
  readonly connect: (lastId: string, signal: AbortSignal) => Promise<Response>;
  /** Ends it, quietly. */
  readonly signal: AbortSignal;
  /** A connection that brings nothing for so long, no heartbeat either, is given up as dead. */
  readonly silenceMs: number;
  /** Hears each change, before whatever a connection brings. */
  readonly onConnection?: ((state: ConnectionState) => void) | undefined;
}

/**
 * Server-sent events, over as many connections as it takes: when one is lost, the next goes on from the last id. It ends
 * when the server says that nothing is left, and throws what a new attempt would not change.
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
  /** Nothing is missing so far: the server itself ended the last connection. */
  let wasWhole = false;
  while (!signal.aborted) {
    const connection = new Connection(signal, silenceMs);
    let waitMs = 0;
    try {
      const response = await connection.within(connect(parser.lastId, connection.signal));
      if (response.status === 204) return;
      assertEventStream(response);
      setState("open");
      wasWhole = false;
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
      wasWhole = true;
    } catch (error) {
      if (signal.aborted || (wasWhole && isGone(error))) return;
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

/** One connection, closed with what it belongs to, or when it is silent for too long while somebody waits. */
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

/** What was followed to its end is no longer there: a template that was deleted. */
function isGone(error: unknown): boolean {
  return error instanceof GafferdClientError && error.code === "not_found";
}

/** Not so: a network that fails, a daemon that is stopping, a proxy whose daemon is not there. */
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
