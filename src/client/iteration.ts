/**
 * An iteration that ends at once when its consumer leaves, even while a `next()` waits: a generator alone would see a
 * `return()` only after its next `yield`. `start` is given the signal of that end, upon which it is to return quietly.
 * When `outer` is aborted, `next()` rejects with its reason, as `fetch` does.
 */
export function createIteration<T>(
  start: (signal: AbortSignal) => AsyncGenerator<T, void>,
  outer: AbortSignal | undefined,
): AsyncIterableIterator<T, void> {
  const controller = new AbortController();
  const steps = start(controller.signal);
  const abort = () => controller.abort();
  let isOver = false;
  outer?.addEventListener("abort", abort);
  if (outer?.aborted) abort();

  const close = () => {
    isOver = true;
    outer?.removeEventListener("abort", abort);
  };

  return {
    async next() {
      try {
        const step = await steps.next();
        if (!step.done) return step;
        // Left by its consumer, or ended: what is aborted later changes nothing.
        if (!isOver) outer?.throwIfAborted();
        close();
        return step;
      } catch (error) {
        close();
        throw error;
      }
    },
    async return() {
      close();
      controller.abort();
      return await steps.return();
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
