import type { GafferdEvent } from "../events/event.ts";
import type { Logger } from "../log.ts";
import type { OutputOptions, PluginOutputItem } from "./output.ts";
import type { ProcessView, TemplateView, UsageView } from "./views.ts";
import type { TemplateBody } from "../template/properties.ts";

/**
 * Everything that a plugin's app can do with gafferd. Returned values are snapshots: changing them has no effect. Methods
 * throw a `GafferdError`. Its `code` is `not_found` for an unknown name or process, and `gone` after the app has stopped.
 */
export interface PluginManager {
  /** Writes to gafferd's log, prefixed with the plugin's name. */
  readonly log: Logger;

  /** The names of all templates, in the order of creation. */
  names(): string[];
  template(name: string): TemplateView;
  /** A running process, or one of the last that exited. */
  process(id: number): ProcessView;
  /** CPU and memory of the running processes of a template, or of one process; empty if none runs. */
  usage(target: string | number): Promise<UsageView[]>;

  /**
   * Adds a template, as `POST /processes` does, and starts it unless its `start` is false. The default `cwd` is gafferd's
   * own working directory. Throws `invalid_process_info`, `conflict` or `spawn_failed`; then nothing is added.
   */
  create(template: TemplateBody): void;
  /** Replaces the settings, then the processes one at a time. */
  update(name: string, template: Omit<TemplateBody, "name">): Promise<void>;
  /** Stops and deletes a template. Resolves when all its processes have ended. */
  delete(name: string): Promise<void>;
  start(name: string): void;
  /** Resolves when all processes have ended. */
  stop(name: string): Promise<void>;
  /** Resolves when every process has been replaced. `spawnFirst`: spawn the new process before stopping the old one. */
  restart(name: string, options?: { readonly spawnFirst?: boolean }): Promise<void>;
  /** Changes the number of processes by `delta`, not below 0. Resolves to the new number. */
  scale(name: string, delta: number): Promise<number>;
  /**
   * Sends a signal to one process, or to every process of a template. The signal is a name (`"HUP"`) or a number. `group`:
   * send it to the process groups, which include what the processes started.
   */
  signal(target: string | number, signal: string | number, options?: { readonly group?: boolean }): void;
  /** Stops one process. Resolves when it has ended. Its template starts a new one if one is wanted. */
  stopProcess(id: number): Promise<void>;
  /**
   * Writes to the stdin of a process. Resolves when the last byte is in the pipe. Throws `forbidden_write` without
   * `redirect_input`, `gone`, or `overloaded` if the process does not read within its `stdin_timeout`.
   */
  write(id: number, input: string | Uint8Array): Promise<void>;

  /**
   * Calls `listener` for each event that matches a pattern of `/watch`: `.` for all, `exit`, `proc.<name>`,
   * `proc.<name>.exit`. Events come in order and synchronously, so the listener must return quickly. An error or rejection
   * of the listener is logged. Returns a function that ends the subscription; it also ends when the app stops. Throws
   * `bad_event_type`.
   */
  subscribe(pattern: string, listener: (event: GafferdEvent) => unknown): () => void;
  /**
   * Reads the output of one process (by id), or of all current and future processes of a template (by name). Use it in one
   * `for await`. It does not buffer: a slow reader gets a gap. It ends when the process has exited, when the template is
   * deleted, and when the app stops.
   */
  read(target: string | number, options?: OutputOptions): AsyncIterableIterator<PluginOutputItem>;

  /**
   * Sends a request to the HTTP API of this gafferd, without a connection. The host of its URL does not matter. Use it with the
   * client: `createClient({ url: "http://localhost", fetch: (url, init) => manager.fetch(new Request(url, init)) })`.
   */
  fetch(request: Request): Promise<Response>;
}
