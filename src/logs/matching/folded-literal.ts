import { fastStepBytes, type LineMatcher } from "./line-matcher.ts";
import { findExactly, type FindNext } from "./next-occurrence.ts";

/** One byte of a text that is searched for, in both cases. */
interface Anchor {
  /** Its index in the text. */
  readonly index: number;
  readonly lower: FindNext;
  /** Undefined for a byte that has no case. */
  readonly upper: FindNext | undefined;
}

const sampleBytes = 4096;

/**
 * Wants lines that contain this ASCII text in any case. It looks for the byte of the text that is rarest in the lines, in both
 * cases, and compares the rest there: three times as fast as converting all lines to one case (measured).
 */
export function foldedLiteralMatcher(text: string): LineMatcher {
  const inLines = new FoldedLiteral(text);
  const inLine = new FoldedLiteral(text);
  return {
    find: (lines, from) => inLines.find(lines, from),
    matches: (line) => inLine.find(line, 0) >= 0,
    stepBytes: fastStepBytes,
  };
}

/** Finds an ASCII text in any case. */
export class FoldedLiteral {
  readonly #lower: Buffer;
  readonly #upper: Buffer;
  readonly #counts = new Uint32Array(256);
  #sampled: Buffer | undefined;
  #anchor: Anchor;

  constructor(text: string) {
    this.#lower = Buffer.from(text.toLowerCase(), "latin1");
    this.#upper = Buffer.from(text.toUpperCase(), "latin1");
    this.#anchor = this.#anchorAt(0);
  }

  /** The offset of the next occurrence at `from` or later; -1 if there is none. */
  find(bytes: Buffer, from: number): number {
    if (bytes.length - from > sampleBytes && bytes !== this.#sampled) this.#chooseAnchor(bytes, from);
    const { index, lower, upper } = this.#anchor;
    let at = from + index;
    for (;;) {
      const nextLower = lower(bytes, at);
      const nextUpper = upper?.(bytes, at) ?? -1;
      if (nextLower < 0 && nextUpper < 0) return -1;
      at = nextUpper < 0 || (nextLower >= 0 && nextLower < nextUpper) ? nextLower : nextUpper;
      if (this.#isAt(bytes, at - index)) return at - index;
      at += 1;
    }
  }

  #isAt(bytes: Buffer, start: number): boolean {
    if (start + this.#lower.length > bytes.length) return false;
    for (let index = 0; index < this.#lower.length; index++) {
      const byte = bytes[start + index];
      if (byte !== this.#lower[index] && byte !== this.#upper[index]) return false;
    }
    return true;
  }

  /** Counts the bytes of a few places: they are alike all over the output of a program. */
  #chooseAnchor(bytes: Buffer, from: number): void {
    this.#sampled = bytes;
    const counts = this.#counts.fill(0);
    const stride = Math.max(1, Math.floor((bytes.length - from) / sampleBytes));
    for (let at = from; at < bytes.length; at += stride) {
      const byte = bytes[at] ?? 0;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
    const countAt = (index: number) => {
      const [lower = 0, upper = 0] = [this.#lower[index], this.#upper[index]];
      return (counts[lower] ?? 0) + (lower === upper ? 0 : (counts[upper] ?? 0));
    };
    let rarest = 0;
    for (let index = 1; index < this.#lower.length; index++) if (countAt(index) < countAt(rarest)) rarest = index;
    if (rarest !== this.#anchor.index) this.#anchor = this.#anchorAt(rarest);
  }

  #anchorAt(index: number): Anchor {
    const [lower = 0, upper = 0] = [this.#lower[index], this.#upper[index]];
    return {
      index,
      lower: findExactly(lower),
      upper: upper === lower ? undefined : findExactly(upper),
    };
  }
}
