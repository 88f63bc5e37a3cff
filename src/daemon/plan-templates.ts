import type { Config } from "../config/config.ts";
import { locateProblem } from "../config/locate.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { type PlannedTemplate, TemplateRows } from "../manager/template-rows.ts";
import type { TemplateSource } from "../manager/template-source.ts";
import type { Store } from "../store/store.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** Where a template of the configuration file is defined. */
export function fileSourceOf(config: Config, name: string): TemplateSource {
  const { file, line = 1 } = locateProblem(config, { kind: "process", label: name, key: undefined }, "");
  return `file:${file}:${line}`;
}

/** The templates of the file, with their places. */
export function planFile(config: Config, templates: readonly ProcessTemplate[] = config.templates): PlannedTemplate[] {
  return templates.map((template) => {
    return { template, source: fileSourceOf(config, template.name), isWanted: template.start };
  });
}

/** Reads the templates in the store, and writes changes to it from now on. Empty if the store could not be opened. */
export function openTemplates(manager: Manager, store: Store): PlannedTemplate[] {
  if (store.database === undefined) {
    manager.kept.runWithout();
    return [];
  }
  return manager.kept.open({ rows: new TemplateRows(store.database), durable: () => store.durable() });
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
  const ofFile = planFile(config);
  const names = new Map(ofFile.map(({ template, source }) => [template.name, source]));
  const restored = stored.filter(({ template: { name }, source }) => {
    const winner = names.get(name);
    if (winner !== undefined) logReplaced(log, name, { before: source, after: winner });
    else if (!manager.has(name)) manager.kept.noteRestored(name);
    return winner === undefined && !manager.has(name);
  });
  return [...ofFile, ...restored];
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
