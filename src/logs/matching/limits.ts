/** A longer text to search for is refused. */
export const maxGrepBytes = 4096;

/** Longer regular expressions, and those that repeat more, are refused: compiling them would hold up everything else. */
export const maxPatternLength = 1000;
