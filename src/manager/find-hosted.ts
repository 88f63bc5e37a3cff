import type { Supervisor } from "../supervisor/supervisor.ts";
import type { Manager } from "./manager.ts";

/** The template or the run with this name; undefined if there is none. No template can have the name of a run. */
export function findHosted(manager: Manager, name: string): Supervisor | undefined {
  return manager.runs.find(name) ?? (manager.has(name) ? manager.get(name) : undefined);
}
