/** A proxy in front of a daemon that makes `EventSource` reconnect after 10 ms instead of several seconds. */
export function startFastRetryProxy(upstream: string): Disposable & { readonly url: string } {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { headers, signal } = request;
      const answer = await fetch(`${upstream}${pathname}${search}`, { headers, signal });
      if (answer.status !== 200) return answer;
      const retry = new TransformStream<Uint8Array, Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from("retry: 10\n\n")),
      });
      return new Response(answer.body?.pipeThrough(retry) ?? null, answer);
    },
  });
  return { url: server.url.origin, [Symbol.dispose]: () => void server.stop(true) };
}
