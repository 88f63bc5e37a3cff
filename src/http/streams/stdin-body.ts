import { GafferdError } from "../../errors.ts";
import { inputOf, inputUnitBytes, inputUnits, writeInput } from "../../manager/input.ts";
import type { SupervisedProcess } from "../../manager/views.ts";

/** A body of unknown length that pauses for so long is being typed or streamed: what has come goes in. */
const pauseMs = 20;

/**
 * Writes a request's body to a process's stdin as it comes, and resolves to its length when the last byte is in the
 * pipe. A body whose `Content-Length` is at most 64 KiB goes in as one unit, however it arrives. Throws as `writeInput`
 * does, and `bad_value` when the client has gone.
 */
export async function writeBody(
  request: Request,
  process: SupervisedProcess,
  { eof }: { eof: boolean },
): Promise<number> {
  const stdin = inputOf(process);
  const written = await writeInput(process, unitsOf(request));
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
      const mayPause = heldBytes > 0 && !(length <= inputUnitBytes);
      const arrived = mayPause ? await withinPause(chunk) : await chunk;
      if (arrived?.done) break;
      if (arrived !== undefined) {
        held.push(arrived.value);
        heldBytes += arrived.value.length;
        chunk = reader.read();
        if (heldBytes < inputUnitBytes) continue;
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

function pieces(chunks: readonly Uint8Array[]): Iterable<Uint8Array> {
  return inputUnits(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks));
}
