import type { ErrorCode } from "../errors.ts";

/** An error code of gafferd, or `unexpected_answer` for a response that is not from gafferd, such as a proxy's. */
export type ClientErrorCode = ErrorCode | "unexpected_answer";

export interface GafferdClientErrorOptions {
  readonly status: number;
  readonly code: ClientErrorCode;
  readonly field?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/**
 * An error response. `message` is gafferd's own message: what failed, and what to do.
 *
 * @example
 * ```ts
 * try {
 *   await client.start("web");
 * } catch (error) {
 *   if (!(error instanceof GafferdClientError && error.code === "not_found")) throw error;
 *   await client.create({ name: "web", cmd: "./server.js" });
 * }
 * ```
 */
export class GafferdClientError extends Error {
  override readonly name = "GafferdClientError";
  /** HTTP status, such as 404. */
  readonly status: number;
  readonly code: ClientErrorCode;
  /** Path of the invalid value, such as `env.PORT`. Absent if the error is not about a single value. */
  readonly field?: string;
  /** Other members of the response: `{bytes: 512}` for partly written input, `{failed: ["web:a"]}` for a group. */
  readonly details: Readonly<Record<string, unknown>>;
  /** How long to wait before the next attempt. Absent if gafferd does not say. */
  readonly retryAfterMs?: number;

  constructor(message: string, options: GafferdClientErrorOptions) {
    super(message, { cause: options.cause });
    this.status = options.status;
    this.code = options.code;
    this.details = options.details ?? {};
    if (options.field !== undefined) this.field = options.field;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}
