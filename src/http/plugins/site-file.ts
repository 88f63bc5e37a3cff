import type { SiteFile } from "../../plugin/site/find-file.ts";

/** A file changed within this time may change again without its times telling: they are as coarse as the kernel's tick. */
const tickMs = 100n;
const nsPerMs = 1_000_000n;

/**
 * Answers `GET` with a file. Bun answers its part of it by the request's own headers: `Range` and `If-Range` with 206 and
 * 416, and `HEAD` with the length alone. May be kept by the client, which must ask each time whether it is still so.
 */
export function answerFile(request: Request, { path, stat }: SiteFile): Response {
  const etag = etagOf(stat);
  const headers: Record<string, string> = {
    "cache-control": "no-cache",
    // A foreign page that frames one of ours could have its visitor click there unawares.
    "content-security-policy": "frame-ancestors 'self'",
    ...(etag === undefined ? {} : { etag }),
  };
  if (etag !== undefined && isHeld(etag, request.headers.get("if-none-match"))) {
    return new Response(null, { status: 304, headers });
  }
  const file = Bun.file(path);
  return new Response(file, { headers: { ...headers, "content-type": file.type } });
}

/** Undefined while it could come to stand for two contents. The time of the inode cannot be set back, as that of the content can. */
function etagOf({ ino, size, ctimeNs }: SiteFile["stat"]): string | undefined {
  const ageNs = BigInt(Date.now()) * nsPerMs - ctimeNs;
  return ageNs < tickMs * nsPerMs ? undefined : `"${[ino, size, ctimeNs].map((part) => part.toString(36)).join("-")}"`;
}

/** Whether `If-None-Match` names it; it compares weakly (RFC 9110, section 13.1.2). */
function isHeld(etag: string, ifNoneMatch: string | null): boolean {
  if (ifNoneMatch === null) return false;
  const held = ifNoneMatch.split(",").map((each) => each.trim().replace(/^W\//, ""));
  return held.includes(etag) || held.includes("*");
}
