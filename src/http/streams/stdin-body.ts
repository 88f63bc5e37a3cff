import { GafferdError } from "../../errors.ts";
import type { SupervisedProcess } from "../../manager/views.ts";

/** So much goes in at once at most; nothing of another client comes between. */
const unitBytes = 64 * 1024;
/** A body of unknown length that pauses for so long is being typed or streamed: what has come goes in. */
const pauseMs = 20;

/**
 * Writes a request's body to a process's stdin as it comes, and resolves to its length when the last byte is in the
 * pipe. A body whose `Content-Length` is at most 64 KiB goes in as one unit, however it arrives. Throws
 * `forbidden_write`, `bad_value` when the client has gone, or `gone` or `overloaded` with the bytes that were taken in
 * `details.bytes`.
 */
export async function writeBody(
  request: Request,
  process: SupervisedProcess,
  { eof }: { eof: boolean },
): Promise<number> {
  const { redirectInput, stdinTimeoutMs } = process.template;
  if (!redirectInput) {
    const reason = `process ${process.id} takes no input; give \`${process.template.name}\` \`redirect_input\``;
    throw new GafferdError("forbidden_write", reason);
  }
  const { stdin } = process;
  let written = 0;
  if (stdin === undefined || stdin.closed) throw isGone(process);
  for await (const unit of unitsOf(request)) {
    try {
      written += await stdin.write(unit, { timeoutMs: stdinTimeoutMs });
    } catch (error) {
      throw withBytes(error, written);
    }
  }
  if (eof) stdin.close();
  return written;
}

async function* unitsOf(request: Request): AsyncGenerator<Uint8Array> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  try {
    let chunk = reader.read();
    for (;;) {
      const mayPause = heldBytes > 0 && !(length <= unitBytes);
      const arrived = mayPause ? await withinPause(chunk) : await chunk;
      if (arrived?.done) break;
      if (arrived !== undefined) {
        held.push(arrived.value);
        heldBytes += arrived.value.length;
        chunk = reader.read();
        if (heldBytes < unitBytes) continue;
      }
      yield* pieces(held);
      held = [];
      heldBytes = 0;
    }
  } catch (cause) {
    throw new GafferdError("bad_value", "the request's body ended before its end; nothing more was written", { cause });
  } finally {
    // Lets a client that still sends hear our answer.
    void reader.cancel().catch(() => {});
  }
  yield* pieces(held);
}

/** What the promise gives, or undefined after a pause. */
async function withinPause<T>(promise: Promise<T>): Promise<T | undefined> {
  const pause = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => pause.resolve(undefined), pauseMs);
  try {
    return await Promise.race([promise, pause.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function* pieces(chunks: readonly Uint8Array[]): Generator<Uint8Array> {
  const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  for (let from = 0; from < bytes.length; from += unitBytes) yield bytes.subarray(from, from + unitBytes);
}

function withBytes(error: unknown, writtenBefore: number): unknown {
  if (!(error instanceof GafferdError)) return error;
  const taken = Number(error.details?.["bytes"] ?? 0);
  const details = { ...error.details, bytes: writtenBefore + taken };
  return new GafferdError(error.code, error.message, { details, cause: error });
}

function isGone(process: SupervisedProcess): GafferdError {
  const reason = process.exit === undefined ? "has closed its stdin" : "has ended";
  return new GafferdError("gone", `cannot write to process ${process.id}: it ${reason}`, { details: { bytes: 0 } });
}
