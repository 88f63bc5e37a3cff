/** The positions of the first and the last byte of a part. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Larger numbers are not exact. */
const singleRange = /^bytes=\s*(\d{0,15})\s*-\s*(\d{0,15})\s*$/i;

/**
 * Parses `Range` for a file of `size` bytes (RFC 9110, section 14.2). Undefined if the header is to be ignored: it is
 * malformed, has another unit or several ranges. `unsatisfiable`: no byte of the file is in the range.
 */
export function parseByteRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const [, from = "", to = ""] = singleRange.exec(header ?? "") ?? [];
  if (from === "") return to === "" ? undefined : lastBytes(Number(to), size);
  const first = Number(from);
  if (to !== "" && Number(to) < first) return undefined;
  if (first >= size) return "unsatisfiable";
  return { first, last: to === "" ? size - 1 : Math.min(Number(to), size - 1) };
}

function lastBytes(count: number, size: number): ByteRange | "unsatisfiable" | undefined {
  if (count === 0) return "unsatisfiable";
  // No range describes an empty file.
  return size === 0 ? undefined : { first: Math.max(0, size - count), last: size - 1 };
}
