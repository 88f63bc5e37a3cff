import { GafferdError } from "../errors.ts";
import { nearest, suggestion } from "../suggestion.ts";
import type { IniSection, IniValue } from "./ini.ts";
import type { ConfigProblem } from "./problem.ts";

export const sectionKinds = ["gaffer", "endpoint", "process", "env", "webhooks", "plugin"] as const;

export type SectionKind = (typeof sectionKinds)[number];

/** A section whose kind is known: `[process:my.app]` is of kind `process` and has the label `my.app`. */
export interface Section extends IniSection {
  readonly kind: SectionKind;
  /** Empty for `[gaffer]` and `[webhooks]`. */
  readonly label: string;
}

/** Collects each error and warning, so that all are reported together. */
export type Report = (problem: ConfigProblem) => void;

/**
 * Returns the sections of known kind and reports the others. A program section of another tool is also read as a
 * process, so that its keys are reported too.
 */
export function classifySections(sections: readonly IniSection[], report: Report): Section[] {
  return sections.flatMap((section) => {
    const colon = section.name.indexOf(":");
    const kind = colon === -1 ? section.name : section.name.slice(0, colon).trimEnd();
    const label = colon === -1 ? "" : section.name.slice(colon + 1).trim();
    const known = sectionKinds.find((candidate) => candidate === kind);
    const isSingle = known === "gaffer" || known === "webhooks";
    if (known && isSingle === (colon === -1) && (isSingle || label !== "")) return [{ ...section, kind: known, label }];
    report({ file: section.file, line: section.line, section: section.name, message: refusal(kind, label, known) });
    return foreignPrograms.includes(kind) && label !== "" ? [{ ...section, kind: "process", label }] : [];
  });
}

/**
 * Reads each value of a section with the reader of its key. Reports unknown keys and the `GafferdError` of a reader.
 * Missing and invalid keys are absent from the result.
 */
export function readKeys<Readers extends Readonly<Record<string, (value: IniValue) => unknown>>>(
  section: IniSection,
  readers: Readers,
  report: Report,
): { [Key in keyof Readers]?: ReturnType<Readers[Key]> } {
  const settings = new Map<string, unknown>();
  for (const value of section.values) {
    const reader = Object.hasOwn(readers, value.key) ? readers[value.key] : undefined;
    if (reader) {
      attempt(section, value, report, () => settings.set(value.key, reader(value)));
    } else {
      const known = Object.keys(readers);
      const advice = suggestion(value.key, known) || `; write one of ${known.join(", ")}`;
      reportValue(section, value, report, `unknown key${advice}`);
    }
  }
  // The reader of each key created its entry.
  return Object.fromEntries(settings) as { [Key in keyof Readers]?: ReturnType<Readers[Key]> };
}

/**
 * Whether a section has a key, or probably was meant to: it has a line that could not be parsed, or a similar unknown
 * key. These have been reported, so a missing key should not be reported as well.
 */
export function mayHold(section: IniSection, key: string, known: readonly string[]): boolean {
  if (section.hasUnreadLines) return true;
  return section.values.some(
    (value) => value.key === key || (!known.includes(value.key) && nearest(value.key, known) === key),
  );
}

/** Calls `read`, and reports a `GafferdError` at the line of the value. */
export function attempt(section: IniSection, value: IniValue, report: Report, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
    reportValue(section, value, report, error.message);
  }
}

export function reportValue(section: IniSection, value: IniValue, report: Report, message: string): void {
  report({ file: value.file, line: value.line, section: section.name, key: value.key, message });
}

/** Reports a warning: the value is allowed but is probably a mistake. */
export function warnOfValue(section: IniSection, value: IniValue, report: Report, message: string): void {
  report({ file: value.file, line: value.line, section: section.name, key: value.key, message, isWarning: true });
}

/** The value of a key with its position; undefined if the section does not have it. */
export function valueOf(section: IniSection, key: string): IniValue | undefined {
  return section.values.find((value) => value.key === key);
}

const forms = ["[gaffer]", "[endpoint:NAME]", "[process:NAME]", "[env:NAME]", "[webhooks]", "[plugin:NAME]"];

/** The sections for processes in supervisor and circus. */
const foreignPrograms: readonly string[] = ["program", "watcher", "fcgi-program"];

/** Sections of supervisor, circus and systemd, and what to write instead. */
const foreignSections: Readonly<Record<string, string>> = {
  ...Object.fromEntries(foreignPrograms.map((kind) => [kind, "write [process:NAME]"])),
  service: "write [process:NAME]",
  supervisord: "write [gaffer]; some settings are command line options, see `gafferd --help`",
  circus: "write [gaffer]; some settings are command line options, see `gafferd --help`",
  inet_http_server: "write [endpoint:NAME] with `bind`",
  unix_http_server: "write [endpoint:NAME] with `bind = unix:PATH`",
  httpd: "write [endpoint:NAME] with `bind`",
  include: "write `include` in [gaffer]",
  group: "delete it, and name its processes `GROUP:NAME`",
  socket: "delete it; processes open their own sockets, see `port`",
  eventlistener: "write [webhooks], or a plugin",
  supervisorctl: "delete it",
  rpcinterface: "delete it",
  unit: "delete it",
  install: "delete it",
};

function refusal(kind: string, label: string, known: SectionKind | undefined): string {
  if (known === undefined) {
    const folded = kind.toLowerCase();
    const foreign = Object.hasOwn(foreignSections, folded) ? foreignSections[folded] : undefined;
    if (foreign !== undefined) return `unknown section; ${foreign}`;
    return `unknown section${suggestion(kind, sectionKinds) || `; write one of ${forms.join(", ")}`}`;
  }
  return label === "" && known !== "gaffer" && known !== "webhooks"
    ? `requires a name; write [${known}:NAME]`
    : `cannot have a name; write [${known}]`;
}
