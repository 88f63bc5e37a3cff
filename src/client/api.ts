import type {
  DeliveryDocument,
  DetailDocument,
  ExitDocument,
  ProcessDocument,
  SupervisedStatsDocument,
  ReloadDocument,
  StatusDocument,
  TemplateBody,
  TemplateDocument,
  TemplateSettings,
  TemplateStatsDocument,
  WebhookBody,
  WebhookDocument,
} from "./documents.ts";
import type { StatsOptions } from "./stats.ts";
import type { TailItem, TailOptions } from "./tail.ts";
import type { WatchItem, WatchOptions } from "./watch.ts";
import type { InputBody } from "./write.ts";

/**
 * A daemon, as its clients see it. A `name` is that of a template; a `pid` is gafferd's number of a process (1, 2, 3 …),
 * not the kernel's. Every method rejects with a GafferdClientError when the daemon says no, and with what `fetch` throws
 * when it cannot be reached; only `tail` and `watch` try again by themselves.
 */
export interface Client {
  /** The names of all templates, in the order of creation; with `running` the pids that run, ascending. */
  processes(options?: { readonly running?: false }): Promise<string[]>;
  processes(options: { readonly running: true }): Promise<number[]>;

  /**
   * Settings, status and processes of all templates, in one call.
   *
   * @example
   * ```ts
   * for (const { name, status, processes } of await client.describe()) {
   *   console.log(name, status.state, processes.map(({ pid }) => pid));
   * }
   * ```
   */
  describe(): Promise<DetailDocument[]>;

  /** The settings in force; of a pid also how it runs. A process that has ended is `not_found`. */
  process(name: string): Promise<TemplateDocument>;
  process(pid: number): Promise<ProcessDocument>;

  /**
   * Adds a template, and starts it unless its `start` is false. Resolves to the pids that it started. Rejects with `conflict` when the name is taken, and with
   * `spawn_failed` when it cannot be spawned at all; then nothing is added.
   *
   * @example
   * ```ts
   * await client.create({ name: "clock", cmd: "while date; do sleep 1; done", shell: true, redirect_output: ["out"] });
   * ```
   */
  create(template: TemplateBody): Promise<number[]>;

  /**
   * Replaces all settings, then the processes one by one. What is left out gets its default.
   *
   * @example
   * ```ts
   * await client.update("clock", { ...(await client.process("clock")), numprocesses: 2 });
   * ```
   */
  update(name: string, settings: TemplateSettings): Promise<void>;

  /** Stops and forgets a template; or stops one process, which its template replaces. Resolves when it is gone. */
  remove(nameOrPid: string | number): Promise<void>;

  start(name: string): Promise<void>;

  /** Resolves when nothing of it is left. A process that is given by its pid is replaced by its template. */
  stop(nameOrPid: string | number): Promise<void>;

  /** Replaces its processes one at a time: stop, wait, spawn; with `spawnFirst`, spawn before the stop. */
  restart(name: string, options?: RestartOptions): Promise<void>;

  /** Runs so many processes more (default 1). Resolves to how many are wanted now. */
  add(name: string, count?: number): Promise<number>;

  /** Runs so many processes fewer (default 1), never fewer than 0. Resolves to how many are wanted now. */
  sub(name: string, count?: number): Promise<number>;

  /** `"HUP"`, `"SIGHUP"` or 1; to one process, or to each of a template. */
  signal(nameOrPid: string | number, signal: string | number, options?: SignalOptions): Promise<void>;

  /** The pids of a template's processes. */
  pids(name: string): Promise<number[]>;

  /** How the last processes of a template ended, oldest first. */
  history(name: string): Promise<ExitDocument[]>;

  status(name: string): Promise<StatusDocument>;

  /** What processes take: of all templates, of one, or of one process with its children. */
  stats(): Promise<TemplateStatsDocument[]>;
  stats(name: string): Promise<TemplateStatsDocument>;
  stats(name: string, pid: number): Promise<SupervisedStatsDocument>;

  /**
   * The same again and again, until what it is of is gone. It reconnects by itself.
   *
   * @example
   * ```ts
   * for await (const { cpu, mem } of client.watchStats({ name: "web", intervalMs: 500 })) draw(cpu, mem);
   * ```
   */
  watchStats(
    options: StatsOptions & { readonly name: string; readonly pid: number },
  ): AsyncIterableIterator<SupervisedStatsDocument, void>;
  watchStats(options: StatsOptions & { readonly name: string }): AsyncIterableIterator<TemplateStatsDocument, void>;
  watchStats(options?: StatsOptions): AsyncIterableIterator<TemplateStatsDocument[], void>;

  /** The names of all groups: what precedes the first colon of the templates' names. */
  groups(): Promise<string[]>;

  /** The names of a group's templates. */
  group(name: string): Promise<string[]>;

  /** These act on all templates of a group. When some fail, the error names them in `details.failed`. */
  startGroup(name: string): Promise<void>;
  stopGroup(name: string): Promise<void>;
  restartGroup(name: string, options?: RestartOptions): Promise<void>;
  removeGroup(name: string): Promise<void>;

  /**
   * Output as it comes: of one process until it has exited, or of a template through all its restarts until it is
   * deleted. It reconnects by itself and goes on where it was: every byte once, and what is no longer held as a `gap`.
   * To leave the loop closes the connection; nothing is asked before the loop begins.
   *
   * @example
   * ```ts
   * for await (const item of client.tail("web", { tail: 20 })) {
   *   if (item.type === "output") render(item.label, item.text);
   *   if (item.type === "gap") console.warn("lost", item.bytes, "bytes");
   *   if (item.type === "exit") console.warn(item.pid, "ended with", item.exit_status ?? item.term_signal);
   * }
   * ```
   */
  tail(nameOrPid: string | number, options?: TailOptions): AsyncIterableIterator<TailItem, void>;

  /**
   * Writes to the stdin of a process, given by its pid or by the name of a template that has one process (else it rejects
   * with `conflict`, or `gone` if there is none), and resolves to the bytes written when the last is in the pipe; `eof` then closes
   * it. At most 64 KiB at once are never mixed with what others write. Rejects with `gone` or `overloaded` when the process
   * takes no more; then `details.bytes` is what it took. Each chunk of a stream is a request of its own.
   *
   * @example
   * ```ts
   * await client.write(7, "hello\n");
   * await client.write(7, await file.arrayBuffer(), { eof: true });
   * ```
   */
  write(nameOrPid: number | string, input: InputBody, options?: { readonly eof?: boolean }): Promise<number>;

  /**
   * What happens to templates and processes, as it happens: all, or those of a pattern: `"exit"`, `"proc.web"`,
   * `"proc.web.exit"`. It reconnects by itself and goes on where it was; events that are no longer remembered are a `gap`.
   *
   * @example
   * ```ts
   * for await (const item of client.watch("exit", { since: "5m" })) {
   *   if (item.type === "event") console.log(item.name, item.pid, item.exit_status ?? item.term_signal);
   * }
   * ```
   */
  watch(pattern?: string, options?: WatchOptions): AsyncIterableIterator<WatchItem, void>;

  /** The URLs that are told of events, and how each stands. */
  webhooks(): Promise<WebhookDocument[]>;

  /**
   * Tells a URL of events of a pattern. Resolves to the webhook's id when it is on disk.
   *
   * @example
   * ```ts
   * await client.addWebhook({ event: "exit", url: "https://example.org/exits", secret: process.env.WEBHOOK_SECRET });
   * ```
   */
  addWebhook(webhook: WebhookBody): Promise<string>;

  /** Takes a webhook back; what waits for it is dropped. */
  removeWebhook(id: string): Promise<void>;

  /** The last attempts to deliver to a webhook, oldest first. */
  deliveries(id: string): Promise<DeliveryDocument[]>;

  /**
   * Has the configuration file read again. Resolves to what was different, when that is in force. Rejects with
   * `invalid_config`, with every problem in `details.problems`, when the file is wrong; then nothing was changed.
   */
  reload(options?: ReloadOptions): Promise<ReloadDocument>;
}

export interface ReloadOptions {
  /** Say what would be done, and do nothing. Default `false`. */
  readonly dryRun?: boolean;
  /** Leave templates as they are that were deleted, replaced or scaled by request. Default `false`. */
  readonly keepDrift?: boolean;
}

export interface SignalOptions {
  /** To the process groups: to what the processes have started too. Default `false`: to the processes alone. */
  readonly group?: boolean;
}

export interface RestartOptions {
  /** Default `false`. */
  readonly spawnFirst?: boolean;
}
