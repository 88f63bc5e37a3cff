import { accessSync, constants, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { reasonOf } from "../reason.ts";
import { GafferdError } from "../errors.ts";
import { expandHome } from "../template/text-values.ts";
import { valuePattern } from "../template/pattern.ts";

/** The error of an invalid value. The message follows the key and a colon. */
export function badValue(message: string): GafferdError {
  return new GafferdError("bad_value", message);
}

const booleans = new Map([
  ...["true", "yes", "on", "1"].map((word) => [word, true] as const),
  ...["false", "no", "off", "0"].map((word) => [word, false] as const),
]);

export function parseBoolean(text: string): boolean {
  const value = booleans.get(text.toLowerCase());
  if (value === undefined) {
    throw badValue(`must be true or false (yes or no, on or off, 1 or 0), not ${JSON.stringify(text)}`);
  }
  return value;
}

/** Whether the text is a boolean and true. */
export function isTrue(text: string): boolean {
  return booleans.get(text.toLowerCase()) === true;
}

export function parseInteger(text: string, minimum: number, maximum: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= minimum && value <= maximum)) {
    throw badValue(`must be a whole number from ${minimum} to ${maximum}, not ${JSON.stringify(text)}`);
  }
  return value;
}

/** Splits a value at commas and whitespace. */
export function parseList(text: string): string[] {
  return text.split(/[,\s]+/).filter((word) => word !== "");
}

/** Makes a path absolute: `~` is the home directory, and a relative path is relative to the folder of its file. */
export function resolvePath(text: string, file: string): string {
  if (text === "") throw badValue("must be a path, but is empty");
  return resolve(dirname(file), expandHome(text));
}

/**
 * Like `resolvePath`, for a path whose variables are replaced later. A path that begins with a variable is not changed.
 */
export function resolvePattern(text: string, file: string): string {
  const pattern = valuePattern(text);
  if (!pattern.includes("$")) return resolvePath(text, file);
  const path = expandHome(pattern);
  return /^[/$]/.test(path) ? path : `${dirname(file)}/${path.replace(/^(\.\/+)+/, "")}`;
}

/**
 * Splits a value at commas and whitespace, except in quotes and in braces (`{a,b}.ini`). Unclosed quotes and braces are
 * literal.
 */
export function parseQuotedList(text: string): string[] {
  const words = text.match(/(?:"[^"]*"|'[^']*'|\{[^{}\s]*\}|[^,\s])+/g) ?? [];
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single));
}

/** Checks that gafferd can read the file, so that it does not fail later. Throws `bad_value`. */
export function checkReadable(path: string): string {
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw badValue(`cannot read ${path}: ${reasonOf(error)}`);
  }
  if (!statSync(path).isFile()) throw badValue(`cannot read ${path}: it is not a file`);
  return path;
}
