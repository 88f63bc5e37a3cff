import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { inRanks } from "../template/rank.ts";
import type { ProcessTemplate } from "../template/template.ts";

export interface TemplateChanges {
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
  { templates, removed }: TemplateChanges,
): Promise<void> {
  const attempt = async (name: string, act: () => void | Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      log.error(`cannot apply the configuration of \`${name}\``, error);
    }
  };
  const known = removed.filter((name) => manager.has(name));
  await Promise.all(known.map((name) => attempt(name, () => manager.delete(name))));
  for (const members of inRanks(templates, (template) => template)) {
    const updates = members.map((template) =>
      attempt(template.name, () =>
        manager.has(template.name)
          ? manager.update(template.name, template, { keepSame: true })
          : manager.load([template]),
      ),
    );
    await Promise.all(updates);
  }
}
