import type { SiteFile } from "../../plugin/site/find-file.ts";
import { acceptedEncoding, encodeStream, type Encoding, isText, maxPlainBytes } from "../operation/encoding.ts";
import { type EncodedFiles, maxHeldBytes } from "./encoded-files.ts";

/** A file changed within this time may change again without its times telling: they are as coarse as the kernel's tick. */
const tickMs = 100n;
const nsPerMs = 1_000_000n;

/**
 * Answers `GET` with a file, compressed if it is text of more than 1 KiB and the client accepts that. A range is always
 * one of the uncompressed file. Bun reads the request's own headers: it answers `Range` and `If-Range` with 206 or 416, and
 * `HEAD` with the length alone. Clients may keep the file, but must ask each time whether it has changed.
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
    // A foreign page that frames one of ours could have its visitor click there unawares.
    "content-security-policy": "frame-ancestors 'self'",
    ...(etag !== undefined && { etag }),
    ...(isEncodable && { vary: "Accept-Encoding" }),
  };
  if (etag !== undefined && isHeld(etag, request.headers.get("if-none-match"))) {
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
  if (version === undefined || content.size > maxHeldBytes) return encodeStream(content.stream(), encoding);
  return await encodedFiles.get(path, version, encoding);
}

/** Undefined while it could come to stand for two contents. The time of the inode cannot be set back, as that of the content can. */
function versionOf({ ino, size, ctimeNs }: SiteFile["stat"]): string | undefined {
  const ageNs = BigInt(Date.now()) * nsPerMs - ctimeNs;
  return ageNs < tickMs * nsPerMs ? undefined : [ino, size, ctimeNs].map((part) => part.toString(36)).join("-");
}

/** Whether `If-None-Match` names it; it compares weakly (RFC 9110, section 13.1.2). */
function isHeld(etag: string, ifNoneMatch: string | null): boolean {
  if (ifNoneMatch === null) return false;
  const held = ifNoneMatch.split(",").map((each) => each.trim().replace(/^W\//, ""));
  return held.includes(etag) || held.includes("*");
}
