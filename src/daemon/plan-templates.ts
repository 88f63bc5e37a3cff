import type { Config } from "../config/config.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { type PlannedTemplate, TemplateRows } from "../manager/template-rows.ts";
import type { TemplateSource } from "../manager/template-source.ts";
import type { Store } from "../store/store.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** Where each template of the configuration file is defined, by name. */
export function fileSourcesOf({ sections }: Config): ReadonlyMap<string, TemplateSource> {
  const ofProcesses = sections.filter(({ kind }) => kind === "process");
  return new Map(ofProcesses.map(({ label, file, line }) => [label, `file:${file}:${line}`]));
}

/** A template of the file, with its place. */
export function planOfFile(template: ProcessTemplate, sources: ReadonlyMap<string, TemplateSource>): PlannedTemplate {
  return { template, source: sources.get(template.name) ?? "program", isWanted: template.start };
}

/** Reads the templates in the store, and writes changes to it from now on. Empty if the store could not be opened. */
export function openTemplates(manager: Manager, store: Store): PlannedTemplate[] {
  if (store.database === undefined) {
    manager.kept.runWithout();
    return [];
  }
  manager.exits.open(store);
  return manager.kept.open({ rows: new TemplateRows(store.database), write: (run) => store.write(run) });
}

/**
 * The templates to add when the plugins have started: those of the file, and those of the store that neither the file nor a
 * plugin defines now. The file wins, and the one in the store is removed.
 */
export function planStart(
  config: Config,
  stored: readonly PlannedTemplate[],
  { manager, log }: { readonly manager: Manager; readonly log: Logger },
): PlannedTemplate[] {
  const sources = fileSourcesOf(config);
  const restored = stored.filter(({ template: { name }, source }) => {
    const winner = sources.get(name);
    if (winner !== undefined) logReplaced(log, name, { before: source, after: winner });
    else if (!manager.has(name)) manager.kept.noteRestored(name);
    return winner === undefined && !manager.has(name);
  });
  return [...config.templates.map((template) => planOfFile(template, sources)), ...restored];
}

/** Logs that the file now defines a template that was created over HTTP or by a plugin. */
export function logReplaced(
  log: Logger,
  name: string,
  { before, after }: { readonly before: TemplateSource; readonly after: TemplateSource },
): void {
  const origin = before === "http" ? "the one created over HTTP" : `the one of ${before.replace(":", " ")}`;
  log.warn(`${name}: the definition in ${after.replace(/^file:/, "")} replaces ${origin}`);
}
