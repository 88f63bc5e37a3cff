import { distance } from "fastest-levenshtein";

/** The candidate that `word` is most likely a misspelling of, or undefined when none is near. Case does not count. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const lower = word.toLowerCase();
  // A third of the word may be wrong.
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  let best: string | undefined;
  for (const candidate of candidates) {
    // As many edits at least.
    if (Math.abs(candidate.length - lower.length) >= bestDistance) continue;
    const edits = editsBetween(lower, candidate.toLowerCase());
    if (edits < bestDistance && edits < candidate.length) {
      bestDistance = edits;
      best = candidate;
    }
  }
  return best;
}

/** `"; did you mean `numprocesses`?"`, or nothing when no candidate is near: to end a message with. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const near = nearest(word, candidates);
  return near === undefined ? "" : `; did you mean \`${near}\`?`;
}

/** Letters in the wrong order are the commonest slip, so they count as one, not as the two that Levenshtein gives. */
function editsBetween(word: string, candidate: string): number {
  const edits = distance(word, candidate);
  return edits === 2 && lettersOf(word) === lettersOf(candidate) ? 1 : edits;
}

function lettersOf(word: string): string {
  return word.split("").toSorted().join("");
}
