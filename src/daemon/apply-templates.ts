import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { inRanks } from "../template/rank.ts";
import type { ProcessTemplate } from "../template/template.ts";

export interface TemplateChanges {
  /** To be created, or updated if there is one of its name. */
  readonly templates: readonly ProcessTemplate[];
  /** The names of those to be deleted. */
  readonly removed: readonly string[];
}

/**
 * Makes the templates of a file be as it says: those `removed` are deleted, then the others created or updated, by
 * priority; processes that differ in nothing stay. What fails is logged, and the others are done all the same; what cannot
 * be started is kept, as at the start of the daemon.
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
