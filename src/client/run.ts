import type { RunBody, RunDocument } from "./documents.ts";
import { retry } from "./retry.ts";
import { followOutput, type TailItem, type TailOptions } from "./tail.ts";
import type { Transport } from "./transport.ts";
import { bytesOf, type InputBody, writeAt } from "./write.ts";

export interface RunOptions extends Pick<TailOptions, "label" | "lossless" | "onConnection"> {
  /** How long requests are repeated while gafferd does not answer, in milliseconds. Default 30,000. */
  readonly patienceMs?: number;
  /** Ends `output` and `exit`, which then reject with the signal's reason. The run goes on. */
  readonly signal?: AbortSignal;
}

/** A run, as its caller sees it. Requests that are safe to repeat are repeated while the connection is broken. */
export interface RunHandle {
  readonly id: string;
  /** Resolves when gafferd has started the run, or found it. Rejects with `conflict` if it has other settings. */
  readonly started: Promise<RunDocument>;
  /**
   * The output, from the beginning, until the run has ended. It continues where it was when the connection breaks. With
   * `lossless`, the process waits for this reader.
   */
  readonly output: AsyncIterableIterator<TailItem, void>;
  /**
   * Resolves when the run has ended: `state` is `exited`, or `lost` if gafferd was killed, so that nobody knows the exit status.
   * Rejects with `not_found` if the run is no longer kept. Never resolves to an exit that gafferd did not report.
   */
  readonly exit: Promise<RunDocument>;
  /**
   * Writes to stdin after everything that this object has written, each byte exactly once; `eof` then closes stdin. The run needs
   * `redirect_input`. Resolves to the number of bytes. If other programs write too, use `Client.write`.
   */
  write(input: InputBody, options?: { readonly eof?: boolean }): Promise<number>;
  /** Stops the run. Resolves when it has ended. */
  stop(): Promise<RunDocument>;
}

/** Shorter than the timeouts of load balancers. */
const waitSeconds = 25;
/** A request that is not answered for so long after the wait was lost. */
const slackMs = 15_000;

/** See `Client.run`. */
export function run(transport: Transport, id: string, settings: RunBody, options: RunOptions): RunHandle {
  const { patienceMs, signal, label, lossless, onConnection } = options;
  const path = ["runs", id];
  const retrying = { patienceMs, signal };
  const started = retry(
    () => within(slackMs, signal, (own) => transport.ask<RunDocument>("PUT", path, start(settings, own))),
    retrying,
  );
  // Its caller may look at `exit` alone.
  started.catch(() => {});
  let exit: Promise<RunDocument> | undefined;
  let written: Promise<number> | undefined;

  async function waitForExit(): Promise<RunDocument> {
    await started;
    for (;;) {
      const document = await retry(
        () =>
          within(waitSeconds * 1000 + slackMs, signal, (own) =>
            transport.ask<RunDocument>("GET", path, { query: { wait: `${waitSeconds}s` }, signal: own }),
          ),
        retrying,
      );
      if (document.state !== "running") return document;
    }
  }

  /** Resolves to the position after the input. */
  async function writeAfter(before: Promise<number> | undefined, bytes: Uint8Array<ArrayBuffer>, eof: boolean) {
    await started;
    const offset = (await before) ?? 0;
    return offset + (await writeAt(transport, [...path, "stdin"], bytes, { eof, offset }));
  }

  return {
    id,
    started,
    output: followOutput(transport, [...path, "output"], {
      endsWithExit: true,
      ready: started,
      ...(label !== undefined && { label }),
      ...(lossless && { lossless, reader: `run-${Math.random().toString(36).slice(2)}` }),
      ...(signal !== undefined && { signal }),
      ...(onConnection !== undefined && { onConnection }),
    }),
    get exit() {
      return (exit ??= waitForExit());
    },
    async write(input, { eof = false } = {}) {
      const bytes = await bytesOf(input);
      written = writeAfter(written, bytes, eof);
      await written;
      return bytes.length;
    },
    async stop() {
      await started;
      return await retry(() => transport.ask<RunDocument>("POST", [...path, "_stop"], signal && { signal }), retrying);
    },
  };
}

function start(json: RunBody, signal: AbortSignal) {
  return { json, query: { wait: "0", max_bytes: 0 }, signal };
}

/** Aborts a request that takes too long: a connection that is dead, but not closed, gives no answer. */
async function within<T>(
  limitMs: number,
  outer: AbortSignal | undefined,
  send: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(outer?.reason);
  const timer = setTimeout(() => controller.abort(), limitMs);
  outer?.addEventListener("abort", abort);
  if (outer?.aborted) abort();
  try {
    return await send(controller.signal);
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", abort);
  }
}
