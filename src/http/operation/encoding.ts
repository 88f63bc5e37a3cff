import { gzip } from "node:zlib";
import { promisify } from "node:util";
import { parseAccept } from "./accept.ts";

/** A content coding that is spoken here, as `Content-Encoding` names it. */
export type Encoding = "gzip" | "zstd";

/** Whole bodies up to this size, in bytes, go out as they are: compressing them saves no packet. */
export const maxPlainBytes = 1024;

/**
 * The coding that a client likes best, by its `Accept-Encoding`; of two that it likes the same, zstd, which takes a third
 * of the time. Undefined when it takes none, or likes it less than none at all. `*` stands for gzip, which all can read.
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

/** Larger than any body here when it is compressed, so that gzip is done in one step. */
const chunkSize = 1024 * 1024;
const gzipped = promisify<Uint8Array, { chunkSize: number }, Uint8Array<ArrayBuffer>>(gzip);

/** Compresses outside the event loop. */
export async function encode(bytes: Uint8Array<ArrayBuffer>, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
  if (encoding === "gzip") return await gzipped(bytes, { chunkSize });
  return (await Bun.zstdCompress(bytes)) as Buffer<ArrayBuffer>;
}

/** Compresses what is too large to be held. */
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
