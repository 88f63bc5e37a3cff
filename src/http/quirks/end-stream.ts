/**
 * Makes a streaming response (server-sent events, or a chunked body) end when `signal` aborts; returns other responses
 * unchanged. The source is then cancelled, as it is when the client disconnects.
 */
export function endStreamOn(signal: AbortSignal, response: Response): Response {
  const { body, headers, status } = response;
  if (body === null || !isEndless(headers)) return response;
  const reader = body.getReader();
  // One controller per response, so that `signal` keeps no listeners of responses that have ended.
  const ended = new AbortController();
  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const end = () => {
          ended.abort();
          void reader.cancel().catch(() => {});
          controller.close();
        };
        signal.addEventListener("abort", end, { signal: ended.signal });
      },
      async pull(controller) {
        const { done, value } = await reader.read();
        if (ended.signal.aborted) return;
        if (value !== undefined) controller.enqueue(value);
        if (!done) return;
        ended.abort();
        controller.close();
      },
      cancel(reason) {
        ended.abort();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { status, headers });
}

/** Whether a response with these headers is a stream without a known end. */
export function isEndless(headers: Headers): boolean {
  const type = headers.get("content-type") ?? "";
  return type.startsWith("text/event-stream") || headers.get("transfer-encoding") === "chunked";
}
