import type { Config } from "../config/config.ts";
import type { Endpoint } from "../config/endpoint.ts";
import { readFileText } from "../files/open-file.ts";
import type { ProcessTemplate } from "../template/template.ts";

/**
 * The settings of a configuration by the names that users know: `process:web`, `endpoint:tls`, `gaffer.cors_origins`.
 */
export type Sections = ReadonlyMap<string, unknown>;

/** The differences between two configurations, as names of settings, in the order of the file that has them. */
export interface SectionChanges {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Unchanged in the file, but changed at runtime: a template was deleted, replaced or scaled. */
  readonly drifted: readonly string[];
  readonly unchanged: readonly string[];
}

/** Settings of `[gaffer]` that a running daemon cannot change: it has already used these folders. */
const fixedAtStart = [
  "gaffer.plugins_dir",
  "gaffer.bundled_plugins",
  "gaffer.state_dir",
  "gaffer.on_crash",
  "gaffer.on_hang",
  "gaffer.hang_timeout",
  "gaffer.memory_limit",
];

/** The settings of a configuration. An endpoint includes the text of its certificates, so a renewed one is a change. */
export function toSections({ gaffer, endpoints, templates, webhooks, plugins }: Config): Sections {
  return new Map<string, unknown>([
    ["gaffer.cors_origins", gaffer.corsOrigins],
    ["gaffer.plugins_dir", gaffer.pluginsDir],
    ["gaffer.bundled_plugins", gaffer.bundledPlugins],
    ["gaffer.state_dir", gaffer.stateDir],
    ["gaffer.on_crash", gaffer.onCrash],
    ["gaffer.on_hang", gaffer.onHang],
    ["gaffer.hang_timeout", gaffer.hangTimeoutMs],
    ["gaffer.memory_limit", gaffer.memoryLimitBytes],
    ["gaffer.insecure_files", gaffer.insecureFiles],
    ...endpoints.map((endpoint) => [`endpoint:${endpoint.name}`, [endpoint, textsOf(endpoint)]] as const),
    ...templates.map((template) => [`process:${template.name}`, template] as const),
    ["webhooks", webhooks],
    ...[...plugins].map(
      ([name, { values }]) => [`plugin:${name}`, values.map(({ key, text }) => [key, text])] as const,
    ),
  ]);
}

/** What runs, by the names of `Sections`. */
export type RunningSections = Pick<Sections, "get">;

/**
 * In steps, compares the settings of a file with those it had `before` and with those that are `running`. A setting that
 * already runs as the file says now is unchanged.
 */
export function* compareSections(
  before: Sections,
  after: Sections,
  running: RunningSections = before,
): Generator<void, SectionChanges> {
  const added: string[] = [];
  const changed: string[] = [];
  const drifted: string[] = [];
  const unchanged: string[] = [];
  for (const [name, wanted] of after) {
    yield;
    if (!before.has(name)) added.push(name);
    else if (Bun.deepEquals(running.get(name), wanted, true)) unchanged.push(name);
    else if (Bun.deepEquals(before.get(name), wanted, true)) drifted.push(name);
    else changed.push(name);
  }
  const removed = [...before.keys()].filter((name) => !after.has(name));
  return { added, changed, removed, drifted, unchanged };
}

/** `sections` with the running templates in place of the file's; undefined for a template that was deleted. */
export function withTemplates(
  sections: Sections,
  find: (name: string) => ProcessTemplate | undefined,
): RunningSections {
  return { get: (name) => (isProcess(name) ? find(labelOf(name)) : sections.get(name)) };
}

/** The changed settings that take effect only when gafferd is restarted. */
export function needingRestart({ changed }: SectionChanges): string[] {
  return changed.filter((name) => fixedAtStart.includes(name));
}

/**
 * `sections` with undefined for the settings that `apply` failed to change, so that the next reload applies them again.
 */
export function withUnknown(sections: Sections, { added, changed, removed }: SectionChanges): Sections {
  const unknown = [...added, ...changed, ...removed].filter((name) => !/^(process|endpoint):/.test(name));
  return new Map([...sections, ...unknown.map((name) => [name, undefined] as const)]);
}

/** The labels of one kind of section: `["web"]` for `process` and `["process:web", "webhooks"]`. */
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
  return [tls.certFile, tls.keyFile, tls.clientCaFile ?? tls.certFile].map((path) =>
    readFileText(path, { maxBytes: 1024 * 1024 }),
  );
}
