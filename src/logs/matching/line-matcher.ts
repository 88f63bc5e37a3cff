/** Decides which lines are wanted. It works on bytes, because decoding every line would cost more than the search. */
export interface LineMatcher {
  /**
   * The offset of a byte of the next line that may match, at `from` or later; -1 if there is none. `lines` are whole lines,
   * and `from` is where one begins.
   */
  find(lines: Buffer, from: number): number;
  /** Whether a line matches. The line has no line end. */
  matches(line: Buffer): boolean;
  /** Searching this many bytes takes a millisecond or so. */
  readonly stepBytes: number;
}

/** Searches that do not look at every byte one by one. */
export const fastStepBytes = 1024 * 1024;

/** Wants every line. */
export const everyLine: LineMatcher = {
  find: (lines, from) => (from < lines.length ? from : -1),
  matches: () => true,
  stepBytes: fastStepBytes,
};

/** Wants lines that contain these bytes. */
export function literalMatcher(text: Buffer): LineMatcher {
  return {
    find: (lines, from) => lines.indexOf(text, from),
    matches: (line) => line.includes(text),
    stepBytes: fastStepBytes,
  };
}
