import { keepActor } from "../actor.ts";
import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import { ExitHistory } from "../history/exit-history.ts";
import type { Logger } from "../log.ts";
import type { OutputMemory } from "../output/output-memory.ts";
import type { Ledger } from "../supervisor/context.ts";
import { forEachInSlices, whenTimeIsLeft } from "../slices.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { assertPorts } from "../template/slot.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { Deletions } from "./deletions.ts";
import { KeptTemplates } from "./kept-templates.ts";
import { createStarted } from "./create-started.ts";
import { notFound } from "./not-found.ts";
import { beingDeleted, nameTaken, noSuchProcess } from "./refusals.ts";
import { startInOrder } from "./start-in-order.ts";
import { stopInOrder } from "./stop-in-order.ts";
import { RunSupervisors } from "./run-supervisors.ts";
import type { PlannedTemplate } from "./template-rows.ts";
import { isStored, type TemplateSource } from "./template-source.ts";

export interface ManagerOptions {
  readonly bus: EventBus;
  readonly log: Logger;
  /** Records the running processes. Default: they are not recorded. */
  readonly ledger?: Ledger | undefined;
  /** The memory of all outputs. Default: without a limit. */
  readonly memory?: OutputMemory | undefined;
  /** Called with the reason when a template with `onGiveUp = shutdown` was given up. */
  readonly onShutdown?: (reason: string) => void;
}

export interface CreateOptions {
  /** Default: `program`. */
  readonly source?: TemplateSource;
}

/** The registry of templates, and the actions that callers may use. */
export class Manager {
  readonly #options: ManagerOptions;
  /** Where the templates came from, and which of them are on disk. */
  readonly kept: KeptTemplates;
  readonly exits: ExitHistory;
  /** In the order of creation. */
  readonly #supervisors = new Map<string, Supervisor>();
  /** Processes that are started once. They are not templates, and no list of templates has them. */
  readonly runs: RunSupervisors;
  readonly #deletions = new Deletions();
  /** Cached names; undefined after a change. */
  #names: readonly string[] | undefined;
  #lastId = 0;
  #isClosed = false;

  constructor(options: ManagerOptions) {
    this.#options = options;
    this.exits = new ExitHistory(options.log);
    this.kept = new KeptTemplates({ log: options.log, find: (name) => this.#supervisors.get(name) });
    this.runs = new RunSupervisors({ ...options, nextId: () => (this.#lastId += 1) });
  }

  /** The names of all templates in the order of creation. Returns the same array until a template is added or deleted. */
  names(): readonly string[] {
    return (this.#names ??= [...this.#supervisors.keys()]);
  }

  /** The ids of all running processes, ascending. */
  runningIds(): number[] {
    const ids = this.#all().flatMap((supervisor) => supervisor.processes.map(({ id }) => id));
    return ids.toSorted((a, b) => a - b);
  }

  /** Whether gafferd is stopping, so that all changes are rejected. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  has(name: string): boolean {
    return this.#supervisors.has(name);
  }

  /** Throws `not_found`. */
  get(name: string): Supervisor {
    const supervisor = this.#supervisors.get(name);
    if (supervisor === undefined) throw notFound("process template", name, this.names());
    return supervisor;
  }

  /** A running process, or one of the last that exited. Throws `not_found`. */
  findProcess(id: number): { supervisor: Supervisor; process: SupervisedProcess } {
    for (const supervisor of this.#supervisors.values()) {
      const process = supervisor.find(id);
      if (process !== undefined) return { supervisor, process };
    }
    const run = this.runs.findProcess(id);
    if (run === undefined) throw noSuchProcess(id, this.#lastId);
    return run;
  }

  /**
   * Adds a template, and starts it if its `start` is true. Throws `conflict` or `spawn_failed`; then nothing is added. A plugin
   * may create again what it has created before a restart: then the settings are replaced.
   */
  create(template: ProcessTemplate, { source = "program" }: CreateOptions = {}): void {
    const { name } = template;
    if (this.kept.claim(name, source)) {
      const report = (error: unknown) => this.#options.log.error(`cannot replace the settings of \`${name}\``, error);
      return void this.update(name, template, { keepSame: true }).catch(report);
    }
    const supervisor = this.#add(template, source);
    // Before the spawn, so that the disk works meanwhile.
    this.kept.save(name, { isWanted: template.start });
    try {
      if (template.start) supervisor.start();
    } catch (error) {
      void supervisor.stop().then(() => supervisor.retire());
      this.#forget(name);
      this.#options.bus.publish({ type: "delete", name });
      throw error;
    }
  }

  /** Like `create`. Resolves to the ids of the processes that were started, in order. */
  launch(template: ProcessTemplate, options: CreateOptions = {}): Promise<number[]> {
    return createStarted(this, this.#options.bus, template, () => this.create(template, options));
  }

  /**
   * Adds templates in order and starts those that are wanted by priority. If one cannot be spawned, this is logged, the
   * template becomes `fatal`, and the others are started.
   */
  async load(planned: readonly PlannedTemplate[]): Promise<void> {
    for (const { template, source } of planned) this.#add(template, source);
    // What the file defines is no longer kept on disk. The others are there already.
    for (const { template, source } of planned) if (!isStored(source)) this.kept.save(template.name);
    await startInOrder(
      planned.filter(({ isWanted }) => isWanted).map(({ template }) => template),
      {
        prepare: (name) => this.#supervisors.get(name)?.prepare(),
        start: (name) => this.#supervisors.get(name)?.start(),
        isOver: () => this.#isClosed,
      },
    );
  }

  /** Replaces the settings, then the processes one at a time. `keepSame` keeps processes whose settings did not change. */
  async update(name: string, template: ProcessTemplate, options: { keepSame?: boolean } = {}): Promise<void> {
    const change = keepActor(() => this.#change(name, (supervisor) => supervisor.update(template, options)));
    await this.#writable(name).prepare(template);
    await whenTimeIsLeft(change);
  }

  /** Stops and deletes a template. Resolves when all its processes have ended. */
  async delete(name: string): Promise<void> {
    const supervisor = this.get(name);
    await this.#deletions.run(name, supervisor, () => {
      this.#forget(name);
      supervisor.retire();
      this.#options.bus.publish({ type: "delete", name });
    });
  }

  /** Throws `spawn_failed` if a process cannot be spawned. */
  start(name: string): void {
    void this.#change(name, (supervisor) => supervisor.start());
  }

  /** `reason` is what its status shows then. Resolves when all its processes have ended. */
  async stop(name: string, reason?: string): Promise<void> {
    const stopped = this.get(name).stop(reason);
    this.kept.save(name);
    await stopped;
  }

  /** Resolves when every process has been replaced. */
  async restart(name: string, options: { spawnFirst: boolean }): Promise<void> {
    const change = keepActor(() => this.#change(name, (supervisor) => supervisor.restart(options)));
    await this.#writable(name).prepare();
    await whenTimeIsLeft(change);
  }

  /** Resolves to the new number of wanted processes once they run. Throws `bad_value` if there are not enough ports. */
  async scale(name: string, delta: number): Promise<number> {
    const { template } = this.#writable(name);
    assertPorts(template, template.numprocesses + delta);
    return await this.#change(name, (supervisor) => supervisor.scale(delta));
  }

  /** Sends a signal to one process, or to every process of a template. With `group`, to their process groups. */
  signal(target: string | number, signalNumber: number, options: { group?: boolean } = {}): void {
    if (typeof target === "number") return this.findProcess(target).process.signal(signalNumber, options);
    for (const process of this.get(target).processes) process.signal(signalNumber, options);
  }

  /** Like `signal` for a template, in slices. Resolves when every process that still runs has got the signal. */
  async signalAll(name: string, signalNumber: number, options: { group?: boolean } = {}): Promise<void> {
    const signal = keepActor((process: SupervisedProcess) => process.signal(signalNumber, options));
    await forEachInSlices(this.get(name).processes, signal);
  }

  /** Stops one process. Resolves when it has ended. Its template starts a new one if one is wanted; a run does not. */
  async stopProcess(id: number): Promise<void> {
    const { supervisor, process } = this.findProcess(id);
    await (this.runs.has(supervisor) ? supervisor.stop() : supervisor.stopProcess(process));
  }

  /** The longest `gracefulTimeoutMs` of all templates; 0 if there are no templates. */
  longestGraceMs(): number {
    return Math.max(0, ...this.#all().map(({ template }) => template.gracefulTimeoutMs));
  }

  /** The number of readers of outputs. */
  readerCount(): number {
    return [...this.#supervisors.values(), ...this.runs.all].reduce((sum, { listenerCount }) => sum + listenerCount, 0);
  }

  /**
   * Rejects new work and stops templates and runs in reverse start order; those of the same priority stop together. After the
   * longest `gracefulTimeoutMs`, the remaining processes get SIGKILL. `onWaiting` is called for each that takes over 500 ms.
   */
  async close(onWaiting: (supervisor: Supervisor) => void = () => {}): Promise<void> {
    this.#isClosed = true;
    const deadline = setTimeout(() => this.kill(), this.longestGraceMs());
    await stopInOrder(this.#all(), onWaiting);
    clearTimeout(deadline);
    for (const supervisor of [...this.#supervisors.values(), ...this.runs.all]) supervisor.retire();
  }

  /** Stops all templates immediately with SIGKILL. Detached processes keep running. */
  kill(): void {
    this.#isClosed = true;
    for (const supervisor of this.#all()) {
      void supervisor.stop();
      supervisor.kill();
    }
  }

  #add(template: ProcessTemplate, source: TemplateSource): Supervisor {
    const { name } = template;
    this.#assertOpen();
    if (this.#deletions.has(name)) throw beingDeleted(name);
    if (this.#supervisors.has(name)) throw nameTaken(name);
    const supervisor = new Supervisor(template, {
      ...this.#options,
      nextId: () => (this.#lastId += 1),
      spawned: (process) => this.exits.spawned(process),
      exited: (process, verdict) => {
        this.exits.exited(supervisor, process, { verdict, isShutdown: this.#isClosed });
        // A stop of gafferd is not a wish of its users.
        if (supervisor.template.restart !== "always" && !this.#isClosed) this.kept.save(name);
      },
      gaveUp: ({ onGiveUp }, reason) => {
        // A template whose creation fails is removed synchronously, so that it does not stop gafferd.
        if (onGiveUp === "shutdown")
          queueMicrotask(() => this.#supervisors.has(name) && this.#options.onShutdown?.(reason));
      },
    });
    this.#supervisors.set(name, supervisor);
    this.kept.setSource(name, source);
    this.#names = undefined;
    this.#options.bus.publish({ type: "create", name });
    return supervisor;
  }

  #forget(name: string): void {
    this.#supervisors.delete(name);
    this.kept.forget(name);
    this.exits.forget(name);
    this.#names = undefined;
  }

  /** Begins a change and saves the settings that it leads to, which it sets before it waits for anything. */
  #change<T>(name: string, begin: (supervisor: Supervisor) => T): T {
    const supervisor = this.#writable(name);
    try {
      return begin(supervisor);
    } finally {
      this.kept.save(name);
    }
  }

  /** The supervisor of a template that can be changed. Throws if gafferd stops or the template is being deleted. */
  #writable(name: string): Supervisor {
    const supervisor = this.get(name);
    this.#assertOpen();
    if (this.#deletions.has(name)) throw beingDeleted(name);
    return supervisor;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new GafferdError("overloaded", "gafferd is stopping and accepts no changes");
  }

  #all(): Supervisor[] {
    return [...this.#supervisors.values(), ...this.runs.active];
  }
}
