import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** Is told of every process that is to be stopped some time, for whoever comes after a daemon that was killed. */
export interface Ledger {
  /** One is about to be spawned. */
  prepare(template: ProcessTemplate): void;
  add(process: { readonly osPid: number; readonly marker: string; readonly template: ProcessTemplate }): void;
  /** Nothing of it lives any more. */
  remove(osPid: number): void;
}

/** What a supervisor is given by the manager that owns it. */
export interface SupervisorContext {
  readonly bus: EventBus;
  readonly log: Logger;
  readonly ledger?: Ledger | undefined;
  /** How often the log tells that a crash loop lasts; default: once a minute. */
  readonly remindMs?: number;
  /** The next number for a process of this daemon. */
  nextId(): number;
  /** Called when the template became `fatal`. */
  gaveUp(template: ProcessTemplate, reason: string): void;
}
