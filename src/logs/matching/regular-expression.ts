import { RE2JS } from "re2js";
import { GafferdError } from "../../errors.ts";
import { messageOf } from "../../reason.ts";
import { expandedSize } from "./expanded-size.ts";
import { FoldedLiteral } from "./folded-literal.ts";
import { maxPatternLength } from "./limits.ts";
import { fastStepBytes, type LineMatcher } from "./line-matcher.ts";
import { findExactly, findFirst, type FindNext, remembered } from "./next-occurrence.ts";
import { requiredLiterals } from "./required-literals.ts";

const maxExpandedSize = 2000;
/** The bytes of a line that an expression is matched against. A large expression takes longer for each byte. */
const [fewestLineBytes, mostLineBytes] = [8 * 1024, 64 * 1024];
const stepsPerLine = 4_000_000;
/** Without a required text, every line is matched, which takes about ten nanoseconds for a byte. */
const slowStepBytes = 64 * 1024;

/**
 * Wants lines that match a regular expression in the syntax of RE2, in linear time: no expression makes a search run away. Lines
 * without a text that every match contains are skipped. Throws `bad_value`.
 */
export function regularExpressionMatcher(pattern: string, { ignoreCase }: { ignoreCase: boolean }): LineMatcher {
  const expression = compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
  const lineBytes = Math.min(mostLineBytes, Math.max(fewestLineBytes, stepsPerLine / expression.programSize()));
  const find = findRequired(pattern, expression, ignoreCase);
  return {
    find: find ?? ((lines, from) => (from < lines.length ? from : -1)),
    matches: (line) => expression.test(line.length > lineBytes ? line.subarray(0, lineBytes) : line),
    stepBytes: find === undefined ? slowStepBytes : fastStepBytes,
  };
}

function compile(pattern: string, flags: number): RE2JS {
  if (pattern.length > maxPatternLength) {
    throw invalid(`the regular expression has ${pattern.length} characters; at most ${maxPatternLength} are allowed`);
  }
  const size = expandedSize(pattern);
  if (size > maxExpandedSize) {
    throw invalid(
      `the regular expression is too large: with its repetitions it has about ${size} steps; at most ${maxExpandedSize} are allowed`,
    );
  }
  try {
    return RE2JS.compile(pattern, flags);
  } catch (error) {
    const reason = messageOf(error).replace(/^error parsing regexp: /, "");
    throw invalid(`cannot parse the regular expression: ${reason}; its syntax is that of RE2`);
  }
}

/** Undefined if a match need not contain any text. */
function findRequired(pattern: string, expression: RE2JS, ignoreCase: boolean): FindNext | undefined {
  if (!ignoreCase) {
    const texts = requiredLiterals(expression);
    return texts && findFirst(texts.map((text) => findExactly(Buffer.from(text))));
  }
  const texts = requiredLiterals(RE2JS.compile(pattern));
  if (texts === undefined || !texts.every((text) => isAscii(text))) return undefined;
  const folded = texts.map((text) => {
    const literal = new FoldedLiteral(text);
    return remembered((bytes, from) => literal.find(bytes, from));
  });
  // In any case, `s` and `k` also match the long s and the Kelvin sign.
  return findFirst([...folded, ...["\u017f", "\u212a"].map((each) => findExactly(Buffer.from(each)))]);
}

/** Whether the text has ASCII characters only. */
export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text);
}

function invalid(message: string): GafferdError {
  return new GafferdError("bad_value", message, { field: "grep" });
}
