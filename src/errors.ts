/**
 * Every way in which a caller's request can fail, as `docs` and clients know it. The core throws these and never
 * speaks of HTTP; `http/error.ts` gives each its status.
 */
export const errorCodes = [
  "not_found",
  "conflict",
  "invalid_json",
  "invalid_process_info",
  "bad_value",
  "no_signal_number",
  "resource_not_found",
  "method_not_allowed",
  "bad_event_type",
  "io_not_redirected",
  "io_not_found",
  "forbidden_write",
  "unauthorized",
  "forbidden",
  "gone",
  "upgrade_required",
  "too_large",
  "overloaded",
  "spawn_failed",
  "invalid_config",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

export interface GafferdErrorOptions {
  /** Path of the offending value in what the caller sent, such as `env.PORT` or `args.0`. */
  field?: string;
  /** More members for the answer's body, in snake_case, such as `{bytes: 512}`. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** A failure that a caller can act on. `message` is one sentence that says what was wrong and what to do. */
export class GafferdError extends Error {
  override readonly name = "GafferdError";
  readonly code: ErrorCode;
  /** Absent when no single value is at fault. */
  readonly field?: string;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: GafferdErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    if (options.field !== undefined) this.field = options.field;
    if (options.details !== undefined) this.details = options.details;
  }
}
