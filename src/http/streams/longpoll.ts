import type { OpenReader, OutputItems } from "../../reading/output-items.ts";
import type { OutputGap, OutputSource } from "../../reading/output-source.ts";
import { gapHeader } from "../feed/gap-header.ts";
import { createRawEncoder, type EncodingPlace } from "./output-encoder.ts";
import type { OutputQuery } from "./output-query.ts";
import { rawHeaders } from "../feed/feed-headers.ts";
import { type NamedReader, openConnected } from "./named-reader.ts";
import { formatStreamId } from "../feed/stream-id.ts";
import { Waiter } from "../feed/waiter.ts";
import { finishInSlices } from "../../slices.ts";

/** Maximum size of a response, plus one piece. A request with `since` from `X-Gaffer-Next` returns the rest. */
const maxAnswerBytes = 1024 * 1024;
const takeBytes = 64 * 1024;

/**
 * Waits for output and returns the available output, with the id to continue from in `X-Gaffer-Next`. Counts lost bytes
 * in `X-Gaffer-Gap` (`unknown` if gafferd does not know how many). The response is empty after the heartbeat time, before
 * proxies time out, and when the process has exited; the next request then returns 204.
 */
export async function answerLongpoll(
  source: OutputSource,
  openReader: OpenReader,
  query: OutputQuery,
  signal: AbortSignal,
  named: NamedReader | undefined,
): Promise<Response> {
  const waiter = new Waiter(signal);
  // As `HEAD` is, which needs what there is for its headers.
  const wasAborted = signal.aborted;
  let wasReplaced = false;
  const connection = named?.connect(() => {
    wasReplaced = true;
    waiter.wake();
    return reader.position();
  });
  const reader = openConnected(openReader, { onReady: () => waiter.wake() }, connection);
  try {
    const deadlineMs = query.follow ? performance.now() + (query.heartbeatMs ?? Infinity) : 0;
    for (;;) {
      const available = await finishInSlices(
        takeAvailable(reader, query, {
          maxBytes: Math.min(maxAnswerBytes, connection?.maxBytes ?? Infinity),
          isOver: () => (signal.aborted && !wasAborted) || wasReplaced,
        }),
      );
      const isAtRest = query.follow === "until-exit" && source.isAtRest;
      const isLeft = signal.aborted || wasReplaced;
      const isOver = reader.ended || isAtRest || performance.now() >= deadlineMs;
      if (available.hasOutput || isLeft || (isOver && !reader.isLoading)) return toResponse(available, query);
      const untilMs = reader.isLoading ? Infinity : Math.min(reader.dueMs ?? Infinity, deadlineMs);
      await waiter.wait(untilMs - performance.now());
    }
  } finally {
    waiter.close();
    connection?.leave(reader.ended ? undefined : reader.position());
    reader.close();
  }
}

interface Available {
  readonly chunks: readonly Uint8Array[];
  readonly next: string;
  readonly gaps: readonly OutputGap[];
  readonly hasOutput: boolean;
}

interface TakeOptions {
  readonly maxBytes: number;
  /** Whether to stop, because no client waits for the response any more. */
  readonly isOver: () => boolean;
}

/** Takes and encodes what is available, one item per step: output that JSON has to escape takes 30 ms per MiB. */
function* takeAvailable(
  reader: OutputItems,
  query: OutputQuery,
  { maxBytes, isOver }: TakeOptions,
): Generator<void, Available> {
  const encoder = createRawEncoder(query.format);
  const place: EncodingPlace = {
    before: undefined,
    after(to) {
      if (to !== undefined) reader.unread(to);
      return "";
    },
  };
  const chunks: Uint8Array[] = [];
  const gaps: OutputGap[] = [];
  let length = 0;
  while (length < maxBytes && !isOver()) {
    const item = reader.next(
      Math.min(takeBytes, encoder.maxBytes, maxBytes),
      query.follow ? performance.now() : Infinity,
    );
    if (item === undefined) break;
    if (item.kind === "gap") gaps.push(item);
    const chunk = encoder.encode(item, place);
    if (chunk.length === 0) continue;
    chunks.push(chunk);
    length += chunk.length;
    yield;
  }
  const next = formatStreamId(reader.position());
  return { chunks, next, gaps, hasOutput: chunks.length > 0 || gaps.length > 0 };
}

function toResponse({ chunks, next, gaps }: Available, query: OutputQuery): Response {
  const headers = { ...rawHeaders(query.format), ...gapHeader(gaps), "x-gaffer-next": next };
  return new Response(Buffer.concat(chunks), { headers });
}
