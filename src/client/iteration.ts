/**
 * Creates an iteration that ends at once when its consumer leaves, even while a `next()` waits. (A plain generator handles
 * `return()` only at its next `yield`.) The signal that `start` gets is aborted then; the generator must return without an
 * error. When `outer` is aborted, `next()` rejects with its reason, as `fetch` does.
 */
export function createIteration<T>(
  start: (signal: AbortSignal) => AsyncGenerator<T, void>,
  outer: AbortSignal | undefined,
): AsyncIterableIterator<T, void> {
  const controller = new AbortController();
  const steps = start(controller.signal);
  const abort = () => controller.abort();
  let isClosed = false;
  outer?.addEventListener("abort", abort);
  if (outer?.aborted) abort();

  const close = () => {
    isClosed = true;
    outer?.removeEventListener("abort", abort);
  };

  return {
    async next() {
      try {
        const step = await steps.next();
        if (!step.done) return step;
        // After the end, aborting `outer` has no effect.
        if (!isClosed) outer?.throwIfAborted();
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
