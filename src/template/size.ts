import { GafferdError } from "../errors.ts";

const unitBytes = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const;

/** Parses `4096`, `"4096"`, `"64k"`, `"1m"` or `"2g"` and returns bytes. Throws `bad_value` for anything else. */
export function parseSize(size: string | number): number {
  const bytes = typeof size === "number" ? size : textBytes(size);
  if (!Number.isSafeInteger(bytes) || bytes < 0) {
    throw new GafferdError(
      "bad_value",
      `${JSON.stringify(size)} is not a size: write bytes (65536) or a whole number with a unit (64k, 1m, 2g)`,
    );
  }
  return bytes;
}

function textBytes(text: string): number {
  const match = /^(\d+) *([kmg])?$/i.exec(text.trim());
  if (!match) return Number.NaN;
  const unit = match[2]?.toLowerCase() as keyof typeof unitBytes | undefined;
  return Number(match[1]) * (unit ? unitBytes[unit] : 1);
}
