/** Stands before a daemon, and tells who reads events to come again soon after a break, instead of in a browser's seconds. */
export function startHurried(upstream: string): Disposable & { readonly url: string } {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { headers, signal } = request;
      const answer = await fetch(`${upstream}${pathname}${search}`, { headers, signal });
      if (answer.status !== 200) return answer;
      const hurry = new TransformStream<Uint8Array, Uint8Array>({
        start: (controller) => controller.enqueue(Buffer.from("retry: 10\n\n")),
      });
      return new Response(answer.body?.pipeThrough(hurry) ?? null, answer);
    },
  });
  return { url: server.url.origin, [Symbol.dispose]: () => void server.stop(true) };
}
