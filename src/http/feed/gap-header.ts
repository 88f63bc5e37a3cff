import { type OutputGap, sizeOfGap } from "../../reading/output-source.ts";

/**
 * The header of a raw response that reports how many bytes were lost before its first byte: `X-Gaffer-Gap: 4096`, or
 * `unknown`. Empty if there are no gaps.
 */
export function gapHeader(gaps: readonly OutputGap[]): Record<string, string> {
  if (gaps.length === 0) return {};
  const bytes = gaps.reduce((sum, gap) => sum + (sizeOfGap(gap) ?? Number.NaN), 0);
  return { "x-gaffer-gap": Number.isNaN(bytes) ? "unknown" : String(bytes) };
}
