import { commandLine, type ConfigProblem } from "./problem.ts";
import type { Section, SectionKind } from "./section.ts";

/** A key of a section, which the files may or may not contain. */
export interface ConfigPlace {
  readonly kind: SectionKind;
  /** Empty for `[gaffer]` and `[webhooks]`. */
  readonly label: string;
  readonly key: string | undefined;
}

/** Where to find the lines of a configuration. */
export interface ConfigSource {
  readonly files: readonly string[];
  readonly sections: readonly Section[];
}

/**
 * The problem at the line of a key. Without the key it has the line of its section, without the section only the main
 * file.
 */
export function locateProblem(
  { sections, files }: ConfigSource,
  { kind, label, key }: ConfigPlace,
  message: string,
): ConfigProblem {
  const matching = sections.filter((section) => section.kind === kind && section.label === label);
  const values = matching.flatMap((section) => section.values);
  const place = values.find((value) => value.key === key) ?? matching[0];
  return {
    ...(place === undefined ? { file: files[0] ?? commandLine } : { file: place.file, line: place.line }),
    section: label === "" ? kind : `${kind}:${label}`,
    ...(key !== undefined && { key }),
    message,
  };
}
