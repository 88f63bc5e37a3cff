import type { TSchema } from "@sinclair/typebox";
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { Value } from "@sinclair/typebox/value";
import { expectationOf, showValue } from "./expectation.ts";
import { adviceOnKey } from "./foreign-keys.ts";
import { suggestion } from "../suggestion.ts";

/** One error in the body of a template. */
export interface TemplateProblem {
  /** JSON path: `env.PORT`, `args.1`, `flapping.window`; empty if the body as a whole is invalid. */
  readonly field: string;
  /** Text that follows the field and a colon: `must be true or false, not 3`. */
  readonly message: string;
  /** Present if the error code is not `invalid_process_info`. */
  readonly code?: "bad_value";
}

/** No more problems are listed. */
const maxProblems = 100;
/** More than one error may describe the same problem. */
const maxErrors = 10 * maxProblems;
/** A longer key is shortened in messages. */
const maxShownKeyLength = 80;

/**
 * The differences between `value` and `schema`: unknown and missing keys, wrong types, numbers out of range. Unknown
 * keys come first, because a misspelt key is often the reason why another one is missing. Lists at most 100 problems, and
 * says if there are more.
 */
export function findShapeProblems(schema: TSchema, value: unknown): TemplateProblem[] {
  const errors = [...leavesOf(Value.Errors(schema, value)).take(maxErrors)];
  const problems = new Map<string, TemplateProblem>();
  for (const error of [...errors.filter(isUnknownKey), ...errors]) {
    const field = fieldOf(error.path);
    // A missing key has two errors: it is missing, and `undefined` has the wrong type.
    if (problems.has(field)) continue;
    if (problems.size === maxProblems) {
      return [...problems.values(), { field: "", message: "has more problems, which are not listed" }];
    }
    problems.set(field, { field, message: messageOf(error) });
  }
  return [...problems.values()];
}

/**
 * A failed union is one error that contains the errors of its variants. If a variant accepts the value itself and fails
 * only for values inside it, this variant was meant, and its errors are reported instead.
 */
function* leavesOf(errors: Iterable<ValueError>): Generator<ValueError> {
  for (const error of errors) {
    const variants = error.errors.map((variant) => [...leavesOf(variant).take(maxErrors)]);
    const meant = variants.find(
      (leaves) => leaves.length > 0 && leaves.every((leaf) => leaf.path.length > error.path.length),
    );
    if (meant) yield* meant;
    else yield error;
  }
}

function isUnknownKey(error: ValueError): boolean {
  return error.type === ValueErrorType.ObjectAdditionalProperties;
}

function messageOf(error: ValueError): string {
  const token = unescapeToken(error.path.slice(error.path.lastIndexOf("/") + 1));
  if (isUnknownKey(error)) {
    const known = Object.keys(error.schema["properties"]);
    return `unknown key${adviceOnKey(token, known, "write environment variables as an object, `env`")}`;
  }
  const isTopLevel = error.path.lastIndexOf("/") === 0;
  if (error.type === ValueErrorType.ObjectRequiredProperty || (error.value === null && isTopLevel)) {
    return "is required";
  }
  const near = typeof error.value === "string" ? suggestion(error.value, literalsOf(error.schema)) : "";
  return `must be ${expectationOf(error.schema)}, not ${showValue(error.value)}${near}`;
}

function literalsOf(schema: TSchema): string[] {
  const variants: { const?: unknown }[] = schema["anyOf"] ?? [];
  return variants.map((variant) => variant.const).filter((value) => typeof value === "string");
}

/** `/env/A~1B` → `env.A/B`. */
function fieldOf(pointer: string): string {
  return pointer.slice(1).split("/").map(unescapeToken).map(shorten).join(".");
}

function shorten(token: string): string {
  return token.length > maxShownKeyLength ? `${token.slice(0, maxShownKeyLength - 1)}…` : token;
}

function unescapeToken(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
