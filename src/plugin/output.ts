import { OutputReader } from "../reading/output-reader.ts";
import type { OutputGap, OutputSource } from "../reading/output-source.ts";
import type { OutputStart } from "../reading/output-start.ts";
import { type ProcessView, toProcessView } from "./views.ts";

export interface OutputOptions {
  /** The label of one output. Default: all outputs, in the order of arrival. */
  readonly label?: string;
  /** Start this many lines back; 0 starts with new output. Default: at the oldest byte that gafferd still has. */
  readonly tail?: number;
  /** Make the process wait for this reader, at most for its `lossless_timeout`. Default `false`. */
  readonly lossless?: boolean;
}

/** An item of an output, in order. */
export type PluginOutputItem =
  /** Whole lines if possible; a line without an end after 100 ms of silence. `from` and `to` are byte positions. */
  | {
      readonly kind: "output";
      readonly id: number;
      readonly name: string;
      readonly label: string;
      readonly from: number;
      readonly to: number;
      readonly bytes: Uint8Array;
    }
  /** Bytes that were overwritten before they could be read. */
  | ({ readonly kind: "gap" } & OutputGap)
  | { readonly kind: "spawn"; readonly process: ProcessView }
  /** The process exited. All of its output came before this item. */
  | { readonly kind: "exit"; readonly process: ProcessView };

const maxItemBytes = 64 * 1024;

/** Reads a source. The iteration ends when `signal` is aborted or when the consumer leaves its loop. */
export function readOutput(
  source: OutputSource,
  options: OutputOptions,
  signal: AbortSignal,
): AsyncIterableIterator<PluginOutputItem> {
  const closing = new AbortController();
  let wake: (() => void) | undefined;
  const reader = new OutputReader(source, {
    ...(options.label === undefined ? {} : { label: options.label }),
    ...(options.lossless === undefined ? {} : { lossless: options.lossless }),
    start: startOf(options),
    unit: "lines",
    onReady: () => wake?.(),
  });
  const close = () => {
    closing.abort();
    signal.removeEventListener("abort", close);
    reader.close();
    wake?.();
  };
  signal.addEventListener("abort", close);

  /** Resolves when there may be more: at the next change, or when a line without an end is due. */
  async function changed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { dueMs } = reader;
    const timer = dueMs === undefined ? undefined : setTimeout(resolve, Math.max(1, dueMs - performance.now()));
    wake = resolve;
    await promise;
    clearTimeout(timer);
  }

  async function* items(): AsyncGenerator<PluginOutputItem, void, undefined> {
    while (!closing.signal.aborted) {
      const item = reader.next(maxItemBytes, performance.now());
      if (item === undefined) {
        if (reader.ended) return;
        await changed();
      } else if (item.kind === "bytes") {
        const { process, label, ring, from, to } = item;
        yield {
          kind: "output",
          id: process.id,
          name: process.template.name,
          label,
          from,
          to,
          bytes: ring.copy(from, to),
        };
      } else if (item.kind === "gap") yield item;
      else yield { kind: item.kind, process: toProcessView(item.process) };
    }
  }

  const generator = items();
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const result = await generator.next();
      if (result.done === true) close();
      return result;
    },
    async return() {
      // `generator.return()` alone does not close a generator that has not started or that waits.
      close();
      await generator.return();
      return { done: true, value: undefined };
    },
  };
}

function startOf({ tail }: OutputOptions): OutputStart {
  return tail === undefined ? { kind: "held" } : { kind: "tail", lines: tail };
}
