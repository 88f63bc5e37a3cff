/**
 * Wraps a synchronous handler that uses only the request and the path parameters of its context. Elysia 1.4.30 reads the
 * source of handlers: for `return f(…)` or `=> f(…)`, which may return a promise, it awaits the result, which costs a turn
 * of the event loop; it also builds only the parts of the context that the source uses. A bound function has no source.
 * (Assigning the result to a variable first does not help: Bun inlines it.)
 */
export function immediate<Context, Answer extends object>(
  handler: (context: Context) => Answer,
): (context: Context) => Answer {
  return handler.bind(undefined);
}
