/**
 * The error codes of the API. Core modules throw them in a `GafferdError` and know nothing of HTTP;
 * `http/operation/error.ts` maps each code to a status. `docs/errors.md` has a heading for each.
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
  /** Path of the invalid value in the request, such as `env.PORT` or `args.0`. */
  field?: string;
  /** Additional fields of the response body, in snake_case, such as `{bytes: 512}`. */
  details?: Readonly<Record<string, unknown>>;
  cause?: unknown;
}

/** An error that the caller can act on. `message` is one sentence: what was wrong and what to do. */
export class GafferdError extends Error {
  override readonly name = "GafferdError";
  readonly code: ErrorCode;
  /** Absent if no single value caused the error. */
  readonly field?: string;
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: GafferdErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    if (options.field !== undefined) this.field = options.field;
    if (options.details !== undefined) this.details = options.details;
  }
}
