import { gzip } from "node:zlib";
import { promisify } from "node:util";
import { parseAccept } from "./accept.ts";

/** A content coding that gafferd can produce, as `Content-Encoding` names it. */
export type Encoding = "gzip" | "zstd";

/** Bodies up to this size are not compressed: it would save no packet. */
export const maxPlainBytes = 1024;

/**
 * The coding with the highest weight in `Accept-Encoding`; zstd if both have the same, since it takes a third of the time.
 * `*` means gzip, which every client can read. Undefined if the client accepts neither, or prefers `identity`.
 */
export function acceptedEncoding(request: Request): Encoding | undefined {
  const header = request.headers.get("accept-encoding");
  if (header === null) return undefined;
  const weights = parseAccept(header);
  const gzipWeight = weights.get("gzip") ?? weights.get("x-gzip") ?? weights.get("*") ?? 0;
  const zstdWeight = weights.get("zstd") ?? 0;
  const best = Math.max(gzipWeight, zstdWeight);
  if (best === 0 || best < (weights.get("identity") ?? 0)) return undefined;
  return zstdWeight >= gzipWeight ? "zstd" : "gzip";
}

/** The output buffer of gzip. With the default of 16 KiB, a large body would return to the event loop for every 16 KiB. */
const chunkSize = 1024 * 1024;
const gzipped = promisify<Uint8Array, { chunkSize: number }, Uint8Array<ArrayBuffer>>(gzip);

/** Compresses outside the event loop. */
export async function encode(bytes: Uint8Array<ArrayBuffer>, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
  if (encoding === "gzip") return await gzipped(bytes, { chunkSize });
  return (await Bun.zstdCompress(bytes)) as Buffer<ArrayBuffer>;
}

/** Compresses a stream, for content that is too large for memory. */
export function encodeStream(stream: ReadableStream<Uint8Array>, encoding: Encoding): ReadableStream<Uint8Array> {
  // The types have no zstd, which Bun 1.4.5 has.
  const compression = new CompressionStream(encoding as "gzip");
  return stream.pipeThrough(compression as unknown as ReadableWritablePair<Uint8Array, Uint8Array>);
}

const textTypes = /^(text\/|application\/(json|javascript|xml|wasm)\b|[^;]*\+(json|xml)\b)/i;

/** Whether a body of this content type gets shorter by compression. */
export function isText(contentType: string): boolean {
  return textTypes.test(contentType);
}
