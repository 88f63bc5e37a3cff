import type { OpenedFile } from "../../files/opened-file.ts";
import { GafferdError } from "../../errors.ts";
import { admitStream } from "../feed/admit-stream.ts";
import { connectionOf, markAsStream } from "../listen/connection.ts";
import { acceptedEncoding, encode, encodeStream, type Encoding, isText, maxPlainBytes } from "../operation/encoding.ts";
import { type ByteRange, parseByteRange } from "./byte-range.ts";
import { type EncodedFiles, maxCachedFileBytes } from "./encoded-files.ts";
import { FilePieces } from "./file-pieces.ts";

/** File times are only as precise as the kernel's tick: a file that changed within this time may change again without a new time. */
const tickMs = 100n;
const nsPerMs = 1_000_000n;
/** A longer file, or part of one, is read while it is sent. */
const maxHeldBytes = 256 * 1024;

/**
 * Answers `GET` and `HEAD` with a file, compressed if it is text of more than 1 KiB and the client accepts that. Ranges
 * always refer to the uncompressed file. Clients may cache the file, but must revalidate it each time.
 *
 * `Bun.file` (1.4.5) would open the path again, after the checks, and there may be a link then; it cannot send a part of a
 * descriptor. Closes the file when its content was read. If this rejects, the caller closes it.
 */
export async function answerFile(request: Request, file: OpenedFile, encodedFiles: EncodedFiles): Promise<Response> {
  const { path, stat } = file;
  const size = Number(stat.size);
  const { type } = Bun.file(path);
  const isEncodable = size > maxPlainBytes && isText(type);
  const encoding = isEncodable && !request.headers.has("range") ? acceptedEncoding(request) : undefined;
  const version = versionOf(stat);
  const etag = version && (encoding === undefined ? `"${version}"` : `"${version}-${encoding}"`);
  const headers: Record<string, string> = {
    "cache-control": "no-cache",
    // Prevents clickjacking by pages of other origins.
    "content-security-policy": "frame-ancestors 'self'",
    ...(etag !== undefined && { etag }),
    ...(isEncodable && { vary: "Accept-Encoding" }),
  };
  if (etag !== undefined && matchesEtag(etag, request.headers.get("if-none-match"))) {
    file.close();
    return new Response(null, { status: 304, headers });
  }
  headers["content-type"] = type;
  if (encoding !== undefined) {
    headers["content-encoding"] = encoding;
    return new Response(await encoded(request, { file, version, encoding }, encodedFiles), { headers });
  }
  if (connectionOf(request)?.request.method === "HEAD") {
    file.close();
    return new Response(null, { headers: { ...headers, "content-length": String(size) } });
  }
  const range = isRangeWanted(request, etag) ? parseByteRange(request.headers.get("range"), size) : undefined;
  if (range === undefined) return new Response(await bodyOf(request, file, wholeOf(file)), { headers });
  headers["accept-ranges"] = "bytes";
  if (range === "unsatisfiable") {
    file.close();
    headers["content-range"] = `bytes */${size}`;
    return new Response(null, { status: 416, headers });
  }
  headers["content-range"] = `bytes ${range.first}-${range.last}/${size}`;
  return new Response(await bodyOf(request, file, range), { status: 206, headers });
}

interface EncodedFile {
  readonly file: OpenedFile;
  readonly version: string | undefined;
  readonly encoding: Encoding;
}

/** Large files, and files that may change without a new version, are not cached. */
async function encoded(request: Request, { file, version, encoding }: EncodedFile, encodedFiles: EncodedFiles) {
  if (file.stat.size > maxCachedFileBytes)
    return encodeStream(piecesOf(request, file, wholeOf(file)).toStream(), encoding);
  const read = () => readPart(file, wholeOf(file));
  const bytes =
    version === undefined
      ? await encode(await read(), encoding)
      : await encodedFiles.get({ path: file.path, version, read }, encoding);
  file.close();
  return bytes;
}

async function bodyOf(request: Request, file: OpenedFile, range: ByteRange) {
  if (range.last - range.first >= maxHeldBytes) {
    const pieces = piecesOf(request, file, range);
    markAsStream(request, pieces);
    return pieces.toStream();
  }
  const bytes = await readPart(file, range);
  file.close();
  return bytes;
}

/** Throws `overloaded` if few file descriptors are left. */
function piecesOf(request: Request, file: OpenedFile, range: ByteRange): FilePieces {
  admitStream(request);
  return new FilePieces(file, range);
}

/** Throws `overloaded` if the file has become shorter. */
async function readPart(file: OpenedFile, { first, last }: ByteRange): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(last + 1 - first);
  if ((await file.read(bytes, first)) === bytes.length) return bytes;
  throw new GafferdError("overloaded", "the file became shorter while it was read; try again");
}

function wholeOf({ stat }: OpenedFile): ByteRange {
  return { first: 0, last: Number(stat.size) - 1 };
}

/** Undefined while the file could still change without a new version. Uses `ctime`, because programs can set `mtime` back. */
function versionOf({ ino, size, ctimeNs }: OpenedFile["stat"]): string | undefined {
  const ageNs = BigInt(Date.now()) * nsPerMs - ctimeNs;
  return ageNs < tickMs * nsPerMs ? undefined : [ino, size, ctimeNs].map((part) => part.toString(36)).join("-");
}

/** Whether `If-None-Match` contains the ETag; the comparison is weak (RFC 9110, section 13.1.2). */
function matchesEtag(etag: string, ifNoneMatch: string | null): boolean {
  if (ifNoneMatch === null) return false;
  const etags = ifNoneMatch.split(",").map((each) => each.trim().replace(/^W\//, ""));
  return etags.includes(etag) || etags.includes("*");
}

/** Whether the client still wants a range of this version of the file (RFC 9110, section 13.1.5). */
function isRangeWanted({ headers }: Request, etag: string | undefined): boolean {
  const ifRange = headers.get("if-range");
  return ifRange === null || ifRange === etag;
}
