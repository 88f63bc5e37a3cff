import type { TSchema } from "@sinclair/typebox";
import { type ValueError, ValueErrorType } from "@sinclair/typebox/errors";
import { Value } from "@sinclair/typebox/value";
import { expectationOf, showValue } from "./expectation.ts";
import { adviceOnKey } from "./foreign-keys.ts";
import { suggestion } from "../suggestion.ts";

/** One thing that is wrong with a body. */
export interface TemplateProblem {
  /** JSON path: `env.PORT`, `args.1`, `flapping.window`; empty when the body as a whole is at fault. */
  readonly field: string;
  /** Follows the field and a colon: `must be true or false, not 3`. */
  readonly message: string;
  /** Present where the answer is not `invalid_process_info`. */
  readonly code?: "bad_value";
}

/**
 * Where `value` departs from `schema`: unknown and missing keys, wrong types, numbers out of range. Unknown keys come
 * first, since a misspelt key is often why another is missing.
 */
export function findShapeProblems(schema: TSchema, value: unknown): TemplateProblem[] {
  const errors = [...leavesOf(Value.Errors(schema, value))];
  const problems = new Map<string, TemplateProblem>();
  for (const error of [...errors.filter(isUnknownKey), ...errors]) {
    const field = fieldOf(error.path);
    // A missing key is told twice: as missing, and as `undefined` of the wrong type.
    if (!problems.has(field)) problems.set(field, { field, message: messageOf(error) });
  }
  return [...problems.values()];
}

/**
 * A union that fails is one error that holds those of its variants. The variant that the value was meant for is the one
 * that has nothing against the value itself, only against things inside it; then these are what is wrong.
 */
function* leavesOf(errors: Iterable<ValueError>): Generator<ValueError> {
  for (const error of errors) {
    const variants = error.errors.map((variant) => [...leavesOf(variant)]);
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
    return `is not a known key${adviceOnKey(token, Object.keys(error.schema["properties"]), "write variables as `env`, an object")}`;
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
  return pointer.slice(1).split("/").map(unescapeToken).join(".");
}

function unescapeToken(token: string): string {
  return token.replaceAll("~1", "/").replaceAll("~0", "~");
}
