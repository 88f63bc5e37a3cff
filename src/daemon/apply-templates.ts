import type { Config } from "../config/config.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { isStored } from "../manager/template-source.ts";
import { inRanks } from "../template/rank.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { fileSourceOf, logReplaced, planFile } from "./plan-templates.ts";

export interface TemplateChanges {
  /** The configuration that now applies. */
  readonly config: Config;
  /** Templates to create, or to update if the name exists. */
  readonly templates: readonly ProcessTemplate[];
  /** Names of the templates to delete. */
  readonly removed: readonly string[];
}

/**
 * Applies the templates of a configuration file: deletes those in `removed`, then creates or updates the others by
 * priority. Processes of unchanged templates keep running. If one fails, logs the error and continues with the others.
 * A template that cannot be started is kept, as when the daemon starts.
 */
export async function applyTemplates(
  { manager, log }: { readonly manager: Manager; readonly log: Logger },
  { config, templates, removed }: TemplateChanges,
): Promise<void> {
  const attempt = async (name: string, act: () => void | Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      log.error(`cannot apply the configuration of \`${name}\``, error);
    }
  };
  noteSources({ manager, log }, { config, templates });
  // What was created over HTTP under the same name does not belong to the file.
  const known = removed.filter((name) => manager.has(name) && !isStored(manager.kept.sourceOf(name)));
  await Promise.all(known.map((name) => attempt(name, () => manager.delete(name))));
  for (const members of inRanks(templates, (template) => template)) {
    const updates = members.map((template) =>
      attempt(template.name, () =>
        manager.has(template.name)
          ? manager.update(template.name, template, { keepSame: true })
          : manager.load(planFile(config, [template])),
      ),
    );
    await Promise.all(updates);
  }
}

/** Templates of the file may have moved to other lines. The ones that it replaces are no longer kept on disk. */
function noteSources(
  { manager, log }: { readonly manager: Manager; readonly log: Logger },
  { config, templates }: Pick<TemplateChanges, "config" | "templates">,
): void {
  for (const { name } of config.templates) {
    if (!manager.has(name)) continue;
    const before = manager.kept.sourceOf(name);
    const after = fileSourceOf(config, name);
    if (isStored(before) && !templates.some((template) => template.name === name)) continue;
    if (isStored(before)) logReplaced(log, name, { before, after });
    manager.kept.setSource(name, after);
  }
}
