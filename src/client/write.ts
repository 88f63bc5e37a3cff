import { GafferdClientError } from "./error.ts";
import type { RequestBody, Transport } from "./transport.ts";

export type InputBody = RequestBody | ReadableStream<Uint8Array>;

/** See `Client.write`. */
export async function write(
  transport: Transport,
  target: number | string,
  input: InputBody,
  eof: boolean | undefined,
): Promise<number> {
  const post = async (body: RequestBody, isLast: boolean): Promise<number> => {
    const query = isLast ? { eof } : {};
    const { bytes } = await transport.ask<{ bytes: number }>("POST", ["streams", target, "stdin"], { query, body });
    return bytes;
  };
  return input instanceof ReadableStream ? await writeStream(input, eof, post) : await post(input, true);
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
