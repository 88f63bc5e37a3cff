import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** What a supervisor is given by the manager that owns it. */
export interface SupervisorContext {
  readonly bus: EventBus;
  readonly log: Logger;
  /** The next number for a process of this daemon. */
  nextId(): number;
  /** Called when the template became `fatal`. */
  gaveUp(template: ProcessTemplate, reason: string): void;
}
