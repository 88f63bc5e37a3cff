import { type OutputGap, sizeOfGap } from "../../reading/output-source.ts";

/**
 * How an answer of raw bytes says what was lost before its first byte: `X-Gaffer-Gap: 4096`, or `unknown` where nobody
 * can say how much. No header when nothing was.
 */
export function gapHeader(gaps: readonly OutputGap[]): Record<string, string> {
  if (gaps.length === 0) return {};
  const bytes = gaps.reduce((sum, gap) => sum + (sizeOfGap(gap) ?? Number.NaN), 0);
  return { "x-gaffer-gap": Number.isNaN(bytes) ? "unknown" : String(bytes) };
}
