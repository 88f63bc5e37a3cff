import type {
  DeliveryDocument,
  DetailDocument,
  ExitReportDocument,
  HistoryEntry,
  LeaseDocument,
  ListedRunDocument,
  ProcessDocument,
  RunBody,
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
import type { RunHandle, RunOptions } from "./run.ts";
import type { LogEntry, LogOptions } from "./logs.ts";
import type { StatsOptions } from "./stats.ts";
import type { TailItem, TailOptions } from "./tail.ts";
import type { WatchItem, WatchOptions } from "./watch.ts";
import type { InputBody, InputPosition, WriteOptions } from "./write.ts";

/**
 * The API of a gafferd daemon. A `name` is the name of a template; a `pid` is gafferd's number of a process (1, 2, 3 …), not
 * the kernel's. Every method rejects with a GafferdClientError if the daemon returns an error, and with the error of `fetch`
 * if it cannot be reached. Only `tail`, `logs`, `watch`, `watchStats`, `run`, and `write` with an `offset` reconnect automatically.
 */
export interface Client {
  /** The names of all templates in the order of creation; with `running`, the pids of all running processes, ascending. */
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

  /**
   * What runs, as an INI file. Rejects with `invalid_config` if a value cannot be written in one.
   *
   * @example
   * ```ts
   * await Bun.write("gaffer.ini", await client.export());
   * ```
   */
  export(): Promise<string>;

  /** The settings in force; for a pid also the state of the process. Rejects with `not_found` if the process has ended. */
  process(name: string): Promise<TemplateDocument>;
  process(pid: number): Promise<ProcessDocument>;

  /**
   * Adds a template, and starts it unless its `start` is false. Resolves to the pids of the started processes. Rejects with
   * `conflict` if the name is taken, and with `spawn_failed` if it cannot be spawned; then nothing is added.
   *
   * @example
   * ```ts
   * await client.create({ name: "clock", cmd: "while date; do sleep 1; done", shell: true, redirect_output: ["out"] });
   * ```
   */
  create(template: TemplateBody): Promise<number[]>;

  /**
   * Replaces all settings, then the processes one by one. Omitted settings get their defaults.
   *
   * @example
   * ```ts
   * await client.update("clock", { ...(await client.process("clock")), numprocesses: 2 });
   * ```
   */
  update(name: string, settings: TemplateSettings): Promise<void>;

  /** Stops and deletes a template; or stops one process, which its template replaces. Resolves when this is done. */
  remove(nameOrPid: string | number): Promise<void>;

  start(name: string): Promise<void>;

  /** Stops a template, or one process, which its template replaces. Resolves when the processes have ended. */
  stop(nameOrPid: string | number): Promise<void>;

  /** Replaces the processes one at a time: stop, wait, spawn. With `spawnFirst`, spawn the new one before the stop. */
  restart(name: string, options?: RestartOptions): Promise<void>;

  /** Adds `count` processes (default 1). Resolves to the new number of processes. */
  add(name: string, count?: number): Promise<number>;

  /** Removes `count` processes (default 1), down to 0. Resolves to the new number of processes. */
  sub(name: string, count?: number): Promise<number>;

  /** Sends a signal, such as `"HUP"`, `"SIGHUP"` or 1, to one process or to every process of a template. */
  signal(nameOrPid: string | number, signal: string | number, options?: SignalOptions): Promise<void>;

  /** The pids of a template's running processes. */
  pids(name: string): Promise<number[]>;

  /** How the last 100 processes of a template ended, oldest first, also in earlier runs of gafferd. */
  history(name: string): Promise<HistoryEntry[]>;

  /** Who or what ended a process, and its last output. `boot` is from `history`; default: the newest exit of this pid. */
  exitReport(name: string, pid: number, options?: { readonly boot?: string }): Promise<ExitReportDocument>;

  status(name: string): Promise<StatusDocument>;

  /** CPU and memory of all templates, of one template, or of one process with its children. */
  stats(): Promise<TemplateStatsDocument[]>;
  stats(name: string): Promise<TemplateStatsDocument>;
  stats(name: string, pid: number): Promise<SupervisedStatsDocument>;

  /**
   * Repeats `stats` until the template or process is gone. Reconnects automatically.
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

  /** The names of all groups. A group is the part of a template's name before the first colon. */
  groups(): Promise<string[]>;

  /** The names of a group's templates. */
  group(name: string): Promise<string[]>;

  /** These methods act on all templates of a group. If some fail, the error lists them in `details.failed`. */
  startGroup(name: string): Promise<void>;
  stopGroup(name: string): Promise<void>;
  restartGroup(name: string, options?: RestartOptions): Promise<void>;
  removeGroup(name: string): Promise<void>;

  /**
   * Follows the output of one process until it exits, or of a template, across restarts, until it is deleted. Reconnects
   * automatically and continues where it was: every byte comes once, and lost bytes are reported as a `gap`. The connection is
   * opened when the loop begins and closed when you leave it.
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
   * Searches the output that a template with `output_keep`, or all templates, have on disk, oldest line first. With `follow`, goes
   * on with each line as it is written, and reconnects automatically. Rejects with `not_found` if no output is kept.
   *
   * @example
   * ```ts
   * for await (const entry of client.logs("web", { grep: "timeout", since: "1h" })) {
   *   if (entry.type === "line") console.log(entry.time, entry.text);
   * }
   * ```
   */
  logs(name?: string, options?: LogOptions): AsyncIterableIterator<LogEntry, void>;

  /**
   * Writes to the stdin of a process, given by its pid or by the name of a template with one process. (With several
   * processes it rejects with `conflict`, with none `gone`.) Resolves to the number of bytes when the last one is in the
   * pipe; `eof` then closes stdin. Input of at most 64 KiB is not mixed with the input of other writers. Rejects with `gone`
   * or `overloaded` if the process stops reading; `details.bytes` is how many bytes were written. Each chunk of a stream is
   * sent as a separate request.
   *
   * With `offset`, the position of the first byte, each byte is written exactly once, even if the connection breaks: the write
   * is repeated until all of it was accepted, or until nothing was for 30 s. A stream is then read into memory first. All
   * writers of the process must use offsets.
   *
   * @example
   * ```ts
   * await client.write(7, "hello\n");
   * await client.write(7, await file.arrayBuffer(), { eof: true });
   * ```
   */
  write(nameOrPid: number | string, input: InputBody, options?: WriteOptions): Promise<number>;

  /**
   * How much of its input a process has accepted.
   *
   * @example Continue where another program stopped
   * ```ts
   * const { taken } = await client.input(7);
   * await client.write(7, bytes.subarray(taken), { offset: taken, eof: true });
   * ```
   */
  input(nameOrPid: number | string): Promise<InputPosition>;

  /**
   * Starts a process once, under an id that you choose, or attaches to it if it exists with the same settings. A program that
   * calls it again with the same id, also after a restart, does not start a second process. See `RunHandle`.
   *
   * @example
   * ```ts
   * const run = client.run("build-42", { cmd: "make test", timeout: "10m" });
   * for await (const item of run.output) if (item.type === "output") process.stdout.write(item.text);
   * const { exit_status, ended_by } = await run.exit;
   * ```
   */
  run(id: string, settings: RunBody, options?: RunOptions): RunHandle;

  /** The runs that are kept, oldest first, without their output. */
  runs(options?: { readonly state?: ListedRunDocument["state"] }): Promise<ListedRunDocument[]>;

  /** Stops a run and forgets it, so that its id can be used again. Resolves to false if there was none. */
  removeRun(id: string): Promise<boolean>;

  /**
   * Follows events: all of them, or those that match a pattern such as `"exit"`, `"proc.web"` or `"proc.web.exit"`.
   * Reconnects automatically and continues where it was; lost events are reported as a `gap`.
   *
   * @example
   * ```ts
   * for await (const item of client.watch("exit", { since: "5m" })) {
   *   if (item.type === "event") console.log(item.name, item.pid, item.exit_status ?? item.term_signal);
   * }
   * ```
   */
  watch(pattern?: string, options?: WatchOptions): AsyncIterableIterator<WatchItem, void>;

  /** The owners of templates and runs, with their leases. */
  leases(): Promise<LeaseDocument[]>;

  /** The leases of one owner. Rejects with `not_found` if nothing belongs to it. */
  lease(owner: string): Promise<LeaseDocument>;

  /**
   * Renews the leases of an owner. Resolves to when the first of them expires (RFC 3339); null if nothing of the owner runs.
   * Rejects with `gone` if they have ended and everything was stopped.
   *
   * @example
   * ```ts
   * const timer = setInterval(() => client.renewLease("agent-7"), 20_000);
   * ```
   */
  renewLease(owner: string): Promise<string | null>;

  /** Ends the leases of an owner now. Resolves when its processes with `on_lease_end = stop` have ended. */
  endLease(owner: string): Promise<void>;

  /** All webhooks, with the state of their delivery. */
  webhooks(): Promise<WebhookDocument[]>;

  /**
   * Adds a webhook: gafferd posts events that match the pattern to the URL. Resolves to its id when it is saved on disk.
   *
   * @example
   * ```ts
   * await client.addWebhook({ event: "exit", url: "https://example.org/exits", secret: process.env.WEBHOOK_SECRET });
   * ```
   */
  addWebhook(webhook: WebhookBody): Promise<string>;

  /** Deletes a webhook. Events that were not delivered yet are dropped. */
  removeWebhook(id: string): Promise<void>;

  /** The last attempts to deliver to a webhook, oldest first. */
  deliveries(id: string): Promise<DeliveryDocument[]>;

  /**
   * Reloads the configuration file. Resolves to the changes when they are in force. If the file is wrong, nothing is changed
   * and it rejects with `invalid_config`; `details.problems` lists every problem.
   */
  reload(options?: ReloadOptions): Promise<ReloadDocument>;
}

export interface ReloadOptions {
  /** Report the changes without applying them. Default `false`. */
  readonly dryRun?: boolean;
  /** Do not undo changes that were made through the API: deleted, replaced or scaled templates. Default `false`. */
  readonly keepDrift?: boolean;
}

export interface SignalOptions {
  /** Send the signal to the process groups, which include what the processes started. Default `false`. */
  readonly group?: boolean;
}

export interface RestartOptions {
  /** Spawn each new process before stopping the old one. Default `false`. */
  readonly spawnFirst?: boolean;
}
