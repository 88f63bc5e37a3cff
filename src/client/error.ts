import type { ErrorCode } from "../errors.ts";

/** A code of gafferd's, or `unexpected_answer` for an answer that is not as gafferd answers, such as a proxy's. */
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
 * An answer that says no. `message` is gafferd's own sentence on what was wrong and what to do.
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
  /** Of HTTP: 404. */
  readonly status: number;
  readonly code: ClientErrorCode;
  /** Path of the value at fault, such as `env.PORT`; absent when no single value is. */
  readonly field?: string;
  /** What else the answer holds: `{bytes: 512}` for input that was taken in part, `{failed: ["web:a"]}` for a group. */
  readonly details: Readonly<Record<string, unknown>>;
  /** How long to wait before asking again; absent when gafferd does not say. */
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
