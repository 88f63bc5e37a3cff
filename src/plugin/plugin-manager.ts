import type { GafferdEvent } from "../events/event.ts";
import type { Logger } from "../log.ts";
import type { OutputOptions, PluginOutputItem } from "./output.ts";
import type { ProcessView, TemplateView, UsageView } from "./views.ts";
import type { TemplateBody } from "../template/properties.ts";

/**
 * All that an app may see and do of gafferd. What it returns are snapshots: changing them changes nothing. Methods throw
 * a `GafferdError`, whose `code` is `not_found` for a name or a process that is not there, and `gone` once the app has
 * stopped.
 */
export interface PluginManager {
  /** Writes to gafferd's log, with the plugin's name. */
  readonly log: Logger;

  /** The names of all templates, in the order of creation. */
  names(): string[];
  template(name: string): TemplateView;
  /** A process that runs, or one of the last exits of its template. */
  process(id: number): ProcessView;
  /** What the running processes of a template, or one process, take now; empty when none runs. */
  usage(target: string | number): Promise<UsageView[]>;

  /**
   * Adds a template, as `POST /processes` does, and starts it unless it says otherwise. Without `cwd` it runs in
   * gafferd's own folder. Throws `invalid_process_info`, `conflict`, or `spawn_failed` and adds nothing.
   */
  create(template: TemplateBody): void;
  /** Replaces the settings, then what runs, one process at a time. */
  update(name: string, template: Omit<TemplateBody, "name">): Promise<void>;
  /** Resolves when nothing of it runs any more and it is forgotten. */
  delete(name: string): Promise<void>;
  start(name: string): void;
  /** Resolves when nothing of it runs any more. */
  stop(name: string): Promise<void>;
  /** Resolves when every process was replaced. `spawnFirst`: by one that is spawned before the old one is stopped. */
  restart(name: string, options?: { readonly spawnFirst?: boolean }): Promise<void>;
  /** Wants so many more, or fewer, and resolves to the new number; never fewer than none. */
  scale(name: string, delta: number): Promise<number>;
  /**
   * To each process of a template or to one; the signal is a name (`"HUP"`) or a number. `group`: to their process groups,
   * that is to what they have started too.
   */
  signal(target: string | number, signal: string | number, options?: { readonly group?: boolean }): void;
  /** Resolves when nothing is left of it. Its template replaces it if it is wanted. */
  stopProcess(id: number): Promise<void>;
  /**
   * Writes to a process's stdin, and resolves when the last byte is in the pipe. Throws `forbidden_write` without
   * `redirect_input`, `gone`, or `overloaded` when the process does not read for its `stdin_timeout`.
   */
  write(id: number, input: string | Uint8Array): Promise<void>;

  /**
   * Calls `listener` for each event of a pattern of `/watch`: `.` for all, `exit`, `proc.<name>`, `proc.<name>.exit`.
   * Events come in order, and at once: what takes long is to be done later. What it throws, or rejects with, is logged.
   * Returns what ends the subscription, which ends with the app in any case. Throws `bad_event_type`.
   */
  subscribe(pattern: string, listener: (event: GafferdEvent) => unknown): () => void;
  /**
   * The output of a process (by id), or of all processes of a template with those to come (by name), from where
   * `options` say, for one `for await`. It holds a position and no bytes: who reads slowly gets a gap. It ends with the
   * process, with the template's deletion, and with the app.
   */
  read(target: string | number, options?: OutputOptions): AsyncIterableIterator<PluginOutputItem>;
}
