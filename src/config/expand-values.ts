import { adviceOnUnexpanded } from "../template/advice.ts";
import { expandPattern } from "../template/expand.ts";
import { valuePattern } from "../template/pattern.ts";
import type { IniValue } from "./ini.ts";
import { type Report, type Section, type SectionKind, warnOfValue } from "./section.ts";

/** The environment that gafferd was started with. */
export type InheritedEnvironment = Readonly<Record<string, string | undefined>>;

/** Keys whose variables are replaced when a file is read, besides `env:KEY` and all keys of `[env:NAME]`. */
const expandedKeys: Readonly<Partial<Record<SectionKind, readonly string[]>>> = {
  gaffer: ["include", "include_dir", "plugins_dir", "plugin_dir", "state_dir"],
  endpoint: ["bind", "certfile", "keyfile", "client_ca"],
  process: ["env_file", "numprocesses", "port", "output_file"],
};

/**
 * Replaces `$VAR`, `${VAR}` and `${VAR:-default}` in the values of a section. Those of `cmd`, `args` and `cwd` are
 * replaced later, when a process starts, because a process has its own variables.
 */
export function expandValues(section: Section, inherited: InheritedEnvironment, report: Report): Section {
  const values = section.values.map((value) => {
    if (!isExpanded(section.kind, value.key)) return value;
    const { text, unknown, unsupported } = expandPattern(valuePattern(value.text), inherited);
    const unexpanded = [
      ...[...new Set(unknown)].map((name) => ({ written: `$${name}`, isSupported: true })),
      ...unsupported.map((written) => ({ written, isSupported: false })),
    ];
    for (const each of unexpanded) warnOfValue(section, value, report, adviceOnUnexpanded(each));
    return { ...value, text } satisfies IniValue;
  });
  return { ...section, values };
}

function isExpanded(kind: SectionKind, key: string): boolean {
  if (kind === "env") return true;
  return (kind === "process" && key.startsWith("env:")) || (expandedKeys[kind]?.includes(key) ?? false);
}
