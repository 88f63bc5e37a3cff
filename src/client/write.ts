import { defaultRetryMs, toDelayMs } from "./backoff.ts";
import { GafferdClientError } from "./error.ts";
import { type RequestBody, toPath, type Transport } from "./transport.ts";

export type InputBody = RequestBody | ReadableStream<Uint8Array>;

export interface WriteOptions {
  /** Close stdin after the input. Default `false`. */
  readonly eof?: boolean;
  /** See `Client.write`. */
  readonly offset?: number;
}

/** How much of its input a process has accepted. */
export interface InputPosition {
  /** The number of bytes, which is the `offset` of the next one. */
  readonly taken: number;
  /** Nothing can be written any more. */
  readonly closed: boolean;
}

/** A write with an offset gives up after this time without progress. */
const patienceMs = 30_000;

/** See `Client.write`. */
export async function write(
  transport: Transport,
  target: number | string,
  input: InputBody,
  { eof, offset }: WriteOptions,
): Promise<number> {
  if (offset !== undefined) {
    return await writeAt(transport, ["streams", target, "stdin"], await bytesOf(input), { eof, offset });
  }
  const post = async (body: RequestBody, isLast: boolean): Promise<number> => {
    const query = isLast ? { eof } : {};
    const { bytes } = await transport.ask<{ bytes: number }>("POST", ["streams", target, "stdin"], { query, body });
    return bytes;
  };
  return input instanceof ReadableStream ? await writeStream(input, eof, post) : await post(input, true);
}

/** Writes at a position. Repeats what may not have arrived: bytes that were accepted before are skipped. */
export async function writeAt(
  { ask }: Transport,
  path: readonly (string | number)[],
  bytes: Uint8Array<ArrayBuffer>,
  { eof, offset }: { readonly eof: boolean | undefined; readonly offset: number },
): Promise<number> {
  toPath(path); // Throws for an invalid name, which is no reason to repeat.
  let from = 0;
  let failures = 0;
  let progressMs = Date.now();
  for (;;) {
    try {
      await ask("POST", path, { query: { eof, offset: offset + from }, body: bytes.subarray(from) });
      return bytes.length;
    } catch (error) {
      if (!isTransient(error) || Date.now() - progressMs > patienceMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, toDelayMs(failures, defaultRetryMs, Math.random())));
    failures += 1;
    const position = await ask<InputPosition>("GET", path).catch(() => undefined);
    const accepted = Math.min((position?.taken ?? 0) - offset, bytes.length);
    if (accepted <= from) continue;
    from = accepted;
    failures = 0;
    progressMs = Date.now();
  }
}

/** The connection broke, or gafferd or a proxy before it says that it works later. */
export function isTransient(error: unknown): boolean {
  return !(error instanceof GafferdClientError) || error.status >= 502;
}

export async function bytesOf(input: InputBody): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(input).arrayBuffer());
}

/** Sends each chunk as a request: browsers cannot stream a body over HTTP/1.1; some send `[object ReadableStream]`. */
async function writeStream(
  input: ReadableStream<Uint8Array>,
  eof: boolean | undefined,
  post: (body: RequestBody, isLast: boolean) => Promise<number>,
): Promise<number> {
  const reader = input.getReader();
  let requests = 0;
  let written = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      // For an empty stream, send one empty request, so that an error such as `gone` is reported.
      if (done && (eof || requests === 0)) written += await post("", true);
      if (done) return written;
      if (value.length === 0) continue;
      requests += 1;
      written += await post(value as Uint8Array<ArrayBuffer>, false);
    }
  } catch (error) {
    const counted = countBefore(error, written);
    await reader.cancel(counted).catch(() => {});
    throw counted;
  }
}

/** Adds the bytes of the earlier requests to the error of a request. */
function countBefore(error: unknown, bytesBefore: number): unknown {
  if (!(error instanceof GafferdClientError) || bytesBefore === 0) return error;
  const { message, status, code, field, retryAfterMs, cause } = error;
  const { bytes = 0 } = error.details;
  return new GafferdClientError(message, {
    status,
    code,
    details: { ...error.details, bytes: bytesBefore + Number(bytes) },
    ...(field !== undefined && { field }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    cause: cause ?? error,
  });
}
