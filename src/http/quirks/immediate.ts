/**
 * A handler that has its answer at hand, and takes no more of its context than the request and the parts of its path.
 * Elysia 1.4.30 waits a turn for a handler in whose text it sees `return f(…)` or `=> f(…)`, since that may give a
 * promise, and makes the context as the text wants it; a bound function shows none. (A variable in between is of no use:
 * Bun takes it out.)
 */
export function immediate<Context, Answer extends object>(
  handler: (context: Context) => Answer,
): (context: Context) => Answer {
  return handler.bind(undefined);
}
