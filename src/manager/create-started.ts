import type { EventBus } from "../events/bus.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { collectSpawns } from "./collect-spawns.ts";
import type { KeptTemplates } from "./kept-templates.ts";

/** The manager, as far as this needs it. */
interface Templates {
  readonly kept: KeptTemplates;
  get(name: string): Supervisor;
}

/**
 * Calls `create`, which adds the template, and resolves to the ids of the processes that were started, in order. Rejects with
 * what `create` throws.
 */
export async function createStarted(
  manager: Templates,
  bus: EventBus,
  { name, numprocesses }: ProcessTemplate,
  create: () => void,
): Promise<number[]> {
  using spawns = collectSpawns(bus, name);
  try {
    create();
  } catch (error) {
    // What was written before the spawn failed is removed before the caller knows.
    await manager.kept.saved([name]);
    throw error;
  }
  await manager.get(name).filled();
  // Processes that ended meanwhile may have been replaced; the replacements are left out.
  return spawns.ids.slice(0, numprocesses);
}
