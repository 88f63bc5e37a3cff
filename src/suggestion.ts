import { distance } from "fastest-levenshtein";

/** A longer word is no misspelling, and comparing it takes time. */
const maxWordLength = 100;

/** The candidate that `word` most likely misspells; undefined if none is similar. Ignores case. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  if (word.length > maxWordLength) return undefined;
  const lower = word.toLowerCase();
  // Up to a third of the letters may differ.
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  let best: string | undefined;
  for (const candidate of candidates) {
    // The difference in length is the least number of edits.
    if (Math.abs(candidate.length - lower.length) >= bestDistance) continue;
    const edits = editsBetween(lower, candidate.toLowerCase());
    if (edits < bestDistance && edits < candidate.length) {
      bestDistance = edits;
      best = candidate;
    }
  }
  return best;
}

/** The end of a message: "; did you mean `numprocesses`?", or an empty string if no candidate is similar. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near === undefined ? "" : `; did you mean \`${near}\`?`;
}

/** Swapped letters are the most common typo. They count as one edit; Levenshtein counts two. */
function editsBetween(word: string, candidate: string): number {
  const edits = distance(word, candidate);
  return edits === 2 && lettersOf(word) === lettersOf(candidate) ? 1 : edits;
}

function lettersOf(word: string): string {
  return word.split("").toSorted().join("");
}
