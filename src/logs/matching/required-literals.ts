import type { RE2JS } from "re2js";

/** What re2js (2.10.0) knows about the texts that a match must contain. It is not part of its public types. */
interface Prefilter {
  /** 1: the text `str`. 2: all of `subs`. 3: one of `subs`. */
  readonly type: number;
  readonly str: string;
  readonly subs: readonly Prefilter[];
}

/** More texts than this are not faster to search for than the expression itself. */
const maxLiterals = 8;

/**
 * Texts of which every match contains at least one; undefined if there are none, or too many. Searching for them is much faster
 * than the engine.
 */
export function requiredLiterals(expression: RE2JS): readonly string[] | undefined {
  const { re2Input } = expression as unknown as { readonly re2Input?: { readonly prefilter?: Prefilter | null } };
  return re2Input?.prefilter ? literalsOf(re2Input.prefilter) : undefined;
}

function literalsOf({ type, str, subs }: Prefilter): readonly string[] | undefined {
  if (type === 1) return str === "" || /[\r\n]/.test(str) ? undefined : [str];
  const parts = subs.map(literalsOf);
  if (type === 2) return parts.reduce((best, each) => (isBetter(each, best) ? each : best), undefined);
  if (type !== 3 || parts.includes(undefined)) return undefined;
  const all = parts.flatMap((each) => each ?? []);
  return all.length > maxLiterals ? undefined : all;
}

/** Longer texts are rarer. */
function isBetter(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return shortest(a) > shortest(b);
}

function shortest(texts: readonly string[]): number {
  return Math.min(...texts.map(({ length }) => length));
}
