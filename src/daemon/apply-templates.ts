import { onBehalfOf } from "../actor.ts";
import type { Config } from "../config/config.ts";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { isStored, type TemplateSource } from "../manager/template-source.ts";
import { forEachInSlices } from "../slices.ts";
import { inRanks } from "../template/rank.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { fileSourcesOf, logReplaced, planOfFile } from "./plan-templates.ts";

export interface TemplateChanges {
  /** The configuration that now applies. */
  readonly config: Config;
  /** Templates to create, or to update if the name exists. */
  readonly templates: readonly ProcessTemplate[];
  /** Names of the templates to delete. */
  readonly removed: readonly string[];
}

/**
 * Applies the templates of a configuration file in slices: deletes those in `removed`, then creates or updates the others
 * by priority. Processes of unchanged templates keep running. If one fails, logs the error and continues with the others.
 * A template that cannot be started is kept, as when the daemon starts. Throws `overloaded` if gafferd stops meanwhile.
 */
export async function applyTemplates(
  { manager, log }: { readonly manager: Manager; readonly log: Logger },
  { config, templates, removed }: TemplateChanges,
): Promise<void> {
  const attempt = async (name: string, act: () => Promise<void>): Promise<void> => {
    try {
      await onBehalfOf("reload", act);
    } catch (error) {
      if (!manager.isClosed) log.error(`cannot apply the configuration of \`${name}\``, error);
    }
  };
  /** Begins all of them in slices, so that the event loop is not blocked. */
  const attemptAll = async <Item>(
    items: readonly Item[],
    nameOf: (item: Item) => string,
    act: (item: Item) => Promise<void>,
  ) => {
    const attempts: Promise<void>[] = [];
    await forEachInSlices(items, (item) => void attempts.push(attempt(nameOf(item), () => act(item))));
    await Promise.all(attempts);
    if (manager.isClosed) throw new GafferdError("overloaded", "gafferd stopped before the configuration was applied");
  };
  const sources = fileSourcesOf(config);
  noteSources({ manager, log }, { sources, templates });
  await attemptAll(
    removed,
    (name) => name,
    async (name) => {
      // What was created over HTTP under the same name does not belong to the file.
      if (manager.has(name) && !isStored(manager.kept.sourceOf(name))) await manager.delete(name);
    },
  );
  for (const members of inRanks(templates, (template) => template)) {
    await attemptAll(
      members,
      ({ name }) => name,
      async (template) => {
        if (manager.has(template.name)) await manager.update(template.name, template, { keepSame: true });
        else await manager.load([planOfFile(template, sources)]);
      },
    );
  }
}

/** Templates of the file may have moved to other lines. The ones that it replaces are no longer kept on disk. */
function noteSources(
  { manager, log }: { readonly manager: Manager; readonly log: Logger },
  {
    sources,
    templates,
  }: Pick<TemplateChanges, "templates"> & { readonly sources: ReadonlyMap<string, TemplateSource> },
): void {
  const replaced = new Set(templates.map(({ name }) => name));
  for (const [name, after] of sources) {
    if (!manager.has(name)) continue;
    const before = manager.kept.sourceOf(name);
    if (isStored(before) && !replaced.has(name)) continue;
    if (isStored(before)) logReplaced(log, name, { before, after });
    manager.kept.setSource(name, after);
  }
}
