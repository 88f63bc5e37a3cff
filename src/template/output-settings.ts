import { showValue } from "./expectation.ts";
import { defaultRotated, maxRotated, minRotateBytes } from "./output-properties.ts";
import type { TemplateBody } from "./properties.ts";
import { parseSize } from "./size.ts";
import type { Rotation } from "./template.ts";
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
