import { showValue } from "./expectation.ts";
import { parseDuration } from "./duration.ts";
import { defaultRotated, maxRotated, minKeepBytes, minKeepMs, minRotateBytes } from "./output-properties.ts";
import type { TemplateBody } from "./properties.ts";
import { parseSize } from "./size.ts";
import type { OutputKeep, Rotation } from "./template.ts";
import { invalid, splitList, toAbsolutePath } from "./text-values.ts";

/** The values that a pattern of `output_file` can contain. */
export interface OutputFileParts {
  /** The name of the template. */
  readonly name: string;
  /** gafferd's id of the process (`pid` in JSON). */
  readonly id: number;
  readonly label: string;
}

const placeholder = /%(.?)/gs;

/** The path of an output file: `/var/log/%n.log` becomes `/var/log/web.log`. */
export function outputFilePath(pattern: string, { name, id, label }: OutputFileParts): string {
  const values: Readonly<Record<string, string>> = { n: name, p: String(id), l: label, "%": "%" };
  return pattern.replaceAll(placeholder, (written, letter: string) => values[letter] ?? written);
}

/** Checks a pattern of `output_file`. Throws `invalid_process_info`. */
export function toOutputFile(value: string): string {
  for (const [written, letter = ""] of value.matchAll(placeholder)) {
    if (letter === "" || !"npl%".includes(letter)) {
      throw invalid(`has an unknown placeholder ${showValue(written)}; write %n, %p, %l, or %% for a percent sign`);
    }
  }
  if (value.endsWith("/")) throw invalid(`must be a file, not a folder: ${showValue(value)}`);
  return toAbsolutePath(value);
}

/** `"10m, 5"`, `"10m"` or an object. Throws `invalid_process_info` or `bad_value`. */
export function toRotation(value: NonNullable<TemplateBody["output_rotate"]>): Rotation {
  if (typeof value !== "string") return checkRotation(parseSize(value.size), value.keep ?? defaultRotated);
  const [size, keep = String(defaultRotated), ...rest] = splitList(value, /[,\s]/);
  if (size === undefined || rest.length > 0) {
    throw invalid(`must be size, keep (10m, 5), not ${showValue(value)}`);
  }
  return checkRotation(parseSize(size), /^\d+$/.test(keep) ? Number(keep) : Number.NaN);
}

function checkRotation(maxBytes: number, keep: number): Rotation {
  if (maxBytes < minRotateBytes) throw invalid(`must be at least 4k, not ${maxBytes}`);
  if (!(keep >= 1 && keep <= maxRotated)) throw invalid(`must keep from 1 to ${maxRotated} old files`);
  return { maxBytes, keep };
}

const dayMs = 86_400_000;

/** `"64m"`, `"7d"`, `"64m, 7d"` or an object; false for `off`. Throws `invalid_process_info` or `bad_value`. */
export function toOutputKeep(value: NonNullable<TemplateBody["output_keep"]>): OutputKeep | false {
  if (value === false) return false;
  if (typeof value === "string") return keepOfText(value);
  return checkKeep({
    ...(value.size != null && { maxBytes: parseSize(value.size) }),
    ...(value.age != null && {
      maxAgeMs: typeof value.age === "number" ? Math.round(value.age * 1000) : toAgeMs(value.age),
    }),
  });
}

/** A part with the unit `s`, `h` or `d` is an age; `64m` is a size. */
function keepOfText(text: string): OutputKeep | false {
  if (/^(|false|no|off|none|0)$/i.test(text.trim())) return false;
  const parts = splitList(text, /[,\s]/);
  const ages = parts.filter((part) => /[shd]$/i.test(part));
  const sizes = parts.filter((part) => !ages.includes(part));
  if (ages.length > 1 || sizes.length > 1) {
    throw invalid(`must be a size (64m), an age (7d), or both (64m, 7d), not ${showValue(text)}`);
  }
  return checkKeep({
    ...(sizes[0] !== undefined && { maxBytes: parseSize(sizes[0]) }),
    ...(ages[0] !== undefined && { maxAgeMs: toAgeMs(ages[0]) }),
  });
}

function toAgeMs(text: string): number {
  const [, days] = /^(\d+\.?\d*) *d$/i.exec(text.trim()) ?? [];
  return days === undefined ? parseDuration(text) : Math.round(Number(days) * dayMs);
}

function checkKeep(keep: OutputKeep): OutputKeep {
  const { maxBytes, maxAgeMs } = keep;
  if (maxBytes === undefined && maxAgeMs === undefined) throw invalid("must have a size, an age, or both");
  if (maxBytes !== undefined && maxBytes < minKeepBytes) throw invalid(`must be at least 1m, not ${maxBytes}`);
  if (maxAgeMs !== undefined && maxAgeMs < minKeepMs)
    throw invalid(`must be at least 1 minute, not ${maxAgeMs / 1000} s`);
  return keep;
}
