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

/** Takes each problem and warning as it is found, so that all are told at once. */
export type Report = (problem: ConfigProblem) => void;

/**
 * The sections of known kind; the others are reported. A program of another tool is read as a process all the same, so
 * that what is wrong in it is reported too.
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
 * Reads the values of a section, each by its key's reader; a reader that throws a `GafferdError`, and a key without a
 * reader, are reported. What was wrong or is not there is absent from the result.
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
      reportValue(section, value, report, `is not a known key${suggestion(value.key, Object.keys(readers))}`);
    }
  }
  // Every entry was made by the reader of its key.
  return Object.fromEntries(settings) as { [Key in keyof Readers]?: ReturnType<Readers[Key]> };
}

/**
 * Whether a section may be meant to hold a key: it does, or it has a line that could not be read, or an unknown key that is
 * near. Then a second problem that the key is missing would be one too many.
 */
export function mayHold(section: IniSection, key: string, known: readonly string[]): boolean {
  if (section.hasUnreadLines) return true;
  return section.values.some(
    (value) => value.key === key || (!known.includes(value.key) && nearest(value.key, known) === key),
  );
}

/** Reports the `GafferdError` that reading a value throws. */
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

/** Reports what is allowed, and likely not meant. */
export function warnOfValue(section: IniSection, value: IniValue, report: Report, message: string): void {
  report({ file: value.file, line: value.line, section: section.name, key: value.key, message, isWarning: true });
}

/** The value of a key that was read, to say where it is. */
export function valueOf(section: IniSection, key: string): IniValue | undefined {
  return section.values.find((value) => value.key === key);
}

const forms = ["[gaffer]", "[endpoint:NAME]", "[process:NAME]", "[env:NAME]", "[webhooks]", "[plugin:NAME]"];

/** What supervisor and circus call a process. */
const foreignPrograms: readonly string[] = ["program", "watcher", "fcgi-program"];

/** Sections of supervisor, circus and systemd, and what to write for them. */
const foreignSections: Readonly<Record<string, string>> = {
  ...Object.fromEntries(foreignPrograms.map((kind) => [kind, "write [process:NAME]"])),
  service: "write [process:NAME]",
  supervisord: "write [gaffer], and see `gafferd --help` for what is an option here",
  circus: "write [gaffer], and see `gafferd --help` for what is an option here",
  inet_http_server: "write [endpoint:NAME] with `bind`",
  unix_http_server: "write [endpoint:NAME] with `bind = unix:PATH`",
  httpd: "write [endpoint:NAME] with `bind`",
  include: "write `include` in [gaffer]",
  group: "leave it out, and name its processes `GROUP:NAME`",
  socket: "leave it out: processes open their own sockets, see `port`",
  eventlistener: "write [webhooks], or a plugin",
  supervisorctl: "leave it out",
  rpcinterface: "leave it out",
  unit: "leave it out",
  install: "leave it out",
};

function refusal(kind: string, label: string, known: SectionKind | undefined): string {
  if (known === undefined) {
    const folded = kind.toLowerCase();
    const foreign = Object.hasOwn(foreignSections, folded) ? foreignSections[folded] : undefined;
    if (foreign !== undefined) return `is not a known section: ${foreign}`;
    return `is not a known section${suggestion(kind, sectionKinds) || `: known are ${forms.join(", ")}`}`;
  }
  return label === "" && known !== "gaffer" && known !== "webhooks"
    ? `needs a name: [${known}:NAME]`
    : `takes no name: write [${known}]`;
}
