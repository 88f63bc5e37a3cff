import { GafferdError } from "../../errors.ts";
import { inputUnitBytes, inputUnits, stdinOf, writeInput } from "../../manager/input.ts";
import type { SupervisedProcess } from "../../manager/views.ts";

/** After a pause of this length, a body without `Content-Length` is written as far as it has arrived. */
const pauseMs = 20;

/**
 * Writes the body of a request to the stdin of a process as it arrives. Resolves to its length when the last byte is in
 * the pipe. A body with a `Content-Length` of at most 64 KiB is written as one unit. Throws what `writeInput` throws, and
 * `bad_value` if the client disconnects.
 */
export async function writeBody(
  request: Request,
  process: SupervisedProcess,
  { eof, offset }: { eof: boolean; offset: number | undefined },
): Promise<number> {
  const stdin = stdinOf(process);
  const written = await writeInput(process, unitsOf(request), offset);
  if (eof) stdin.close();
  return written;
}

async function* unitsOf(request: Request): AsyncGenerator<Uint8Array> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  // It may reject while the chunk before it is written.
  const read = () => {
    const chunk = reader.read();
    void chunk.catch(() => {});
    return chunk;
  };
  try {
    let chunk = read();
    for (;;) {
      const mayPause = heldBytes > 0 && !(length <= inputUnitBytes);
      const arrived = mayPause ? await withinPause(chunk) : await chunk;
      if (arrived?.done) break;
      if (arrived !== undefined) {
        held.push(arrived.value);
        heldBytes += arrived.value.length;
        chunk = read();
        if (heldBytes < inputUnitBytes) continue;
      }
      yield* pieces(held);
      held = [];
      heldBytes = 0;
    }
  } catch (cause) {
    throw new GafferdError("bad_value", "the request body is incomplete; the rest was not written", { cause });
  } finally {
    // A client that is still sending can then read the response.
    void reader.cancel().catch(() => {});
  }
  yield* pieces(held);
}

/** Resolves to the value of the promise, or to undefined after `pauseMs`. */
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
