import type { SiteFile } from "../../plugin/site/find-file.ts";
import { acceptedEncoding, encodeStream, type Encoding, isText, maxPlainBytes } from "../operation/encoding.ts";
import { type EncodedFiles, maxCachedFileBytes } from "./encoded-files.ts";

/** File times are only as precise as the kernel's tick: a file that changed within this time may change again without a new time. */
const tickMs = 100n;
const nsPerMs = 1_000_000n;

/**
 * Answers `GET` with a file, compressed if it is text of more than 1 KiB and the client accepts that. Ranges always refer to
 * the uncompressed file. Bun handles some headers itself: it answers `Range` and `If-Range` with 206 or 416, and `HEAD` with
 * the length. Clients may cache the file, but must revalidate it each time.
 */
export async function answerFile(request: Request, file: SiteFile, encodedFiles: EncodedFiles): Promise<Response> {
  const { path, stat } = file;
  const content = Bun.file(path);
  const isEncodable = stat.size > maxPlainBytes && isText(content.type);
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
    return new Response(null, { status: 304, headers });
  }
  headers["content-type"] = content.type;
  if (encoding === undefined) return new Response(content, { headers });
  headers["content-encoding"] = encoding;
  return new Response(await encoded(content, { path, version, encoding }, encodedFiles), { headers });
}

interface Version {
  readonly path: string;
  readonly version: string | undefined;
  readonly encoding: Encoding;
}

/** Large files, and files that may change without a new version, are not cached. */
async function encoded(content: Bun.BunFile, { path, version, encoding }: Version, encodedFiles: EncodedFiles) {
  if (version === undefined || content.size > maxCachedFileBytes) return encodeStream(content.stream(), encoding);
  return await encodedFiles.get(path, version, encoding);
}

/** Undefined while the file could still change without a new version. Uses `ctime`, because programs can set `mtime` back. */
function versionOf({ ino, size, ctimeNs }: SiteFile["stat"]): string | undefined {
  const ageNs = BigInt(Date.now()) * nsPerMs - ctimeNs;
  return ageNs < tickMs * nsPerMs ? undefined : [ino, size, ctimeNs].map((part) => part.toString(36)).join("-");
}

/** Whether `If-None-Match` contains the ETag; the comparison is weak (RFC 9110, section 13.1.2). */
function matchesEtag(etag: string, ifNoneMatch: string | null): boolean {
  if (ifNoneMatch === null) return false;
  const etags = ifNoneMatch.split(",").map((each) => each.trim().replace(/^W\//, ""));
  return etags.includes(etag) || etags.includes("*");
}
