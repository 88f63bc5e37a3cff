import { readFileSync } from "node:fs";
import type { Config } from "../config/config.ts";
import type { Endpoint } from "../config/endpoint.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** What a configuration says, by the names that people know it by: `process:web`, `endpoint:tls`, `gaffer.cors_origins`. */
export type Sections = ReadonlyMap<string, unknown>;

/** The names of what differs between two configurations, each in the order of the file that has it. */
export interface SectionChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Unchanged in the file, but something else runs: a template was deleted, replaced or scaled by request. */
  readonly drifted: readonly string[];
  readonly unchanged: readonly string[];
}

/** Settings of `[gaffer]` that a running daemon cannot take back: they say where it has already looked, and keeps. */
const settledAtStart = ["gaffer.plugins_dir", "gaffer.bundled_plugins", "gaffer.state_dir"];

/** What is read of each certificate is part of its endpoint: a renewed one is a change. */
export function toSections({ gaffer, endpoints, templates, webhooks, plugins }: Config): Sections {
  return new Map<string, unknown>([
    ["gaffer.cors_origins", gaffer.corsOrigins],
    ["gaffer.plugins_dir", gaffer.pluginsDir],
    ["gaffer.bundled_plugins", gaffer.bundledPlugins],
    ["gaffer.state_dir", gaffer.stateDir],
    ...endpoints.map((endpoint) => [`endpoint:${endpoint.name}`, [endpoint, textsOf(endpoint)]] as const),
    ...templates.map((template) => [`process:${template.name}`, template] as const),
    ["webhooks", webhooks],
    ...[...plugins].map(
      ([name, { values }]) => [`plugin:${name}`, values.map(({ key, text }) => [key, text])] as const,
    ),
  ]);
}

/**
 * Compares what a file says now with what it said `before`, and with what `running` says is in force of it: where that is
 * as the file says now, nothing is to be done.
 */
export function compareSections(before: Sections, after: Sections, running: Sections = before): SectionChanges {
  const names = [...after.keys()];
  const kept = names.filter((name) => before.has(name));
  const isIn = (sections: Sections, name: string) => Bun.deepEquals(sections.get(name), after.get(name), true);
  const different = kept.filter((name) => !isIn(running, name));
  return {
    added: names.filter((name) => !before.has(name)),
    changed: different.filter((name) => !isIn(before, name)),
    removed: [...before.keys()].filter((name) => !after.has(name)),
    drifted: different.filter((name) => isIn(before, name)),
    unchanged: kept.filter((name) => isIn(running, name)),
  };
}

/** As `sections`, but with the templates that run: undefined for one that does not exist any more. */
export function withTemplates(sections: Sections, find: (name: string) => ProcessTemplate | undefined): Sections {
  return new Map([...sections].map(([name, value]) => [name, isProcess(name) ? find(labelOf(name)) : value]));
}

/** What was changed and will be so only after a new start. */
export function needingRestart({ changed }: SectionChanges): string[] {
  return changed.filter((name) => settledAtStart.includes(name));
}

/** As `sections`, but of what `apply` was to change nobody knows what is in force: whatever is read next differs from it. */
export function withUnknown(sections: Sections, { added, changed, removed }: SectionChanges): Sections {
  const unknown = [...added, ...changed, ...removed].filter((name) => !/^(process|endpoint):/.test(name));
  return new Map([...sections, ...unknown.map((name) => [name, undefined] as const)]);
}

/** The names below a prefix: those of `process:` for `process`. */
export function namesOf(kind: "process" | "endpoint", sections: readonly string[]): string[] {
  return sections.filter((name) => name.startsWith(`${kind}:`)).map(labelOf);
}

function isProcess(section: string): boolean {
  return section.startsWith("process:");
}

function labelOf(section: string): string {
  return section.slice(section.indexOf(":") + 1);
}

function textsOf({ tls }: Endpoint): string[] {
  if (tls === undefined) return [];
  return [tls.certFile, tls.keyFile, tls.clientCaFile ?? tls.certFile].map((path) => readFileSync(path, "utf8"));
}
