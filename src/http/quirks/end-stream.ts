/**
 * A response whose stream of events, or other body without a known end, ends with `signal`; any other as it is. Its
 * source is cancelled then, as it is when the client goes away.
 */
export function endStreamOn(signal: AbortSignal, response: Response): Response {
  const { body, headers, status } = response;
  if (body === null || !isEndless(headers)) return response;
  const reader = body.getReader();
  // One for each response, so that `signal` holds nothing of those that are over.
  const over = new AbortController();
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = () => {
          over.abort();
          void reader.cancel().catch(() => {});
          controller.close();
        };
        signal.addEventListener("abort", end, { signal: over.signal });
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (over.signal.aborted) return;
        if (value !== undefined) controller.enqueue(value);
        if (!done) return;
        over.abort();
        controller.close();
      },
      cancel(reason) {
        over.abort();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { status, headers });
}

/** Whether a response with these headers is a stream. */
export function isEndless(headers: Headers): boolean {
  const type = headers.get("content-type") ?? "";
  return type.startsWith("text/event-stream") || headers.get("transfer-encoding") === "chunked";
}
