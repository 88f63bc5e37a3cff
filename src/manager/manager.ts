import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import type { OutputMemory } from "../output/output-memory.ts";
import type { Ledger } from "../supervisor/context.ts";
import { forEachInSlices, inSlices } from "../slices.ts";
import type { SupervisedProcess } from "../supervisor/supervised-process.ts";
import { Supervisor } from "../supervisor/supervisor.ts";
import { inRanks, rankOf } from "../template/rank.ts";
import { assertPorts } from "../template/slot.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { templatesInGroup, groupNames } from "./groups.ts";
import { notFound } from "./not-found.ts";

/** `close` reports a template that takes longer than this to stop. */
const slowStopMs = 500;

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

/** The registry of templates, and the actions that callers may use. */
export class Manager {
  readonly #bus: EventBus;
  readonly #log: Logger;
  readonly #ledger: Ledger | undefined;
  readonly #memory: OutputMemory | undefined;
  readonly #onShutdown: ManagerOptions["onShutdown"];
  /** In the order of creation. */
  readonly #supervisors = new Map<string, Supervisor>();
  readonly #deletions = new Map<string, Promise<void>>();
  /** Cached names; undefined after a change. */
  #names: readonly string[] | undefined;
  #lastId = 0;
  #isClosed = false;

  constructor(options: ManagerOptions) {
    this.#bus = options.bus;
    this.#log = options.log;
    this.#ledger = options.ledger;
    this.#memory = options.memory;
    this.#onShutdown = options.onShutdown;
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
    const isPast = id >= 1 && id <= this.#lastId;
    const reason = isPast ? `process ${id} has ended and was deleted from the history` : `there is no process ${id}`;
    throw new GafferdError("not_found", reason);
  }

  /** Adds a template, and starts it if its `start` is true. Throws `conflict` or `spawn_failed`; then nothing is added. */
  create(template: ProcessTemplate): void {
    const supervisor = this.#add(template);
    if (!template.start) return;
    try {
      supervisor.start();
    } catch (error) {
      void supervisor.stop().then(() => supervisor.retire());
      this.#forget(template.name);
      this.#bus.publish({ type: "delete", name: template.name });
      throw error;
    }
  }

  /** Like `create`. Resolves to the ids of the processes that were started, in order. */
  async launch(template: ProcessTemplate): Promise<number[]> {
    const ids: number[] = [];
    const end = this.#bus.subscribe((event) => {
      if (event.type === "spawn" && event.name === template.name) ids.push(event.id);
    });
    try {
      this.create(template);
      await this.get(template.name).filled();
    } finally {
      end();
    }
    // Processes that ended meanwhile may have been replaced; the replacements are left out.
    return ids.slice(0, template.numprocesses);
  }

  /**
   * Adds templates in order and starts them by priority. If one cannot be spawned, this is logged, the template becomes
   * `fatal`, and the others are started.
   */
  async load(templates: readonly ProcessTemplate[]): Promise<void> {
    for (const template of templates) this.#add(template);
    const waiting = templates.filter(({ start }) => start).toSorted((a, b) => rankOf(a) - rankOf(b));
    await inSlices(() => this.#startNext(waiting));
  }

  /** Replaces the settings, then the processes one at a time. `keepSame` keeps processes whose settings did not change. */
  async update(name: string, template: ProcessTemplate, options: { keepSame?: boolean } = {}): Promise<void> {
    await this.#writable(name).update(template, options);
  }

  /** Stops and deletes a template. Resolves when all its processes have ended. */
  async delete(name: string): Promise<void> {
    const supervisor = this.get(name);
    let deletion = this.#deletions.get(name);
    if (deletion === undefined) {
      deletion = supervisor.stop().then(() => {
        this.#forget(name);
        this.#deletions.delete(name);
        supervisor.retire();
        this.#bus.publish({ type: "delete", name });
      });
      this.#deletions.set(name, deletion);
    }
    await deletion;
  }

  /** Throws `spawn_failed` if a process cannot be spawned. */
  start(name: string): void {
    this.#writable(name).start();
  }

  /** Resolves when all its processes have ended. */
  async stop(name: string): Promise<void> {
    await this.get(name).stop();
  }

  /** Resolves when every process has been replaced. */
  async restart(name: string, options: { spawnFirst: boolean }): Promise<void> {
    await this.#writable(name).restart(options);
  }

  /** Resolves to the new number of wanted processes once they run. Throws `bad_value` if there are not enough ports. */
  async scale(name: string, delta: number): Promise<number> {
    const supervisor = this.#writable(name);
    assertPorts(supervisor.template, supervisor.template.numprocesses + delta);
    return await supervisor.scale(delta);
  }

  /** Sends a signal to one process, or to every process of a template. With `group`, to their process groups. */
  signal(target: string | number, signalNumber: number, options: { group?: boolean } = {}): void {
    if (typeof target === "number") return this.findProcess(target).process.signal(signalNumber, options);
    for (const process of this.get(target).processes) process.signal(signalNumber, options);
  }

  /** Like `signal` for a template, in slices. Resolves when every process that still runs has got the signal. */
  async signalAll(name: string, signalNumber: number, options: { group?: boolean } = {}): Promise<void> {
    await forEachInSlices(this.get(name).processes, (process) => process.signal(signalNumber, options));
  }

  /** Stops one process. Resolves when it has ended. Its template starts a new one if one is wanted. */
  async stopProcess(id: number): Promise<void> {
    const { supervisor, process } = this.findProcess(id);
    await supervisor.stopProcess(process);
  }

  /** The longest `gracefulTimeoutMs` of all templates; 0 if there are no templates. */
  longestGraceMs(): number {
    return Math.max(0, ...this.#all().map(({ template }) => template.gracefulTimeoutMs));
  }

  /** The number of readers of outputs. */
  readerCount(): number {
    return this.#all().reduce((sum, supervisor) => sum + supervisor.listenerCount, 0);
  }

  /** The names of all groups, in the order in which their first members were created. */
  groups(): string[] {
    return groupNames(this.names());
  }

  /** The names of a group's templates, in the order of creation. Throws `not_found`. */
  group(group: string): string[] {
    return templatesInGroup(group, this.names());
  }

  /**
   * Rejects new work and stops all templates in reverse start order; templates of the same priority stop together. After
   * the longest `gracefulTimeoutMs`, which covers all priorities, the remaining processes get SIGKILL. `onWaiting` is called
   * for each template that takes longer than 500 ms.
   */
  async close(onWaiting: (supervisor: Supervisor) => void = () => {}): Promise<void> {
    this.#isClosed = true;
    const deadline = setTimeout(() => this.kill(), this.longestGraceMs());
    const stop = async (supervisor: Supervisor): Promise<void> => {
      const waiting = setTimeout(onWaiting, slowStopMs, supervisor);
      await supervisor.stop();
      clearTimeout(waiting);
    };
    const ranks = inRanks(this.#all(), ({ template }) => template);
    for (const supervisors of ranks.toReversed()) await Promise.all(supervisors.map(stop));
    clearTimeout(deadline);
    for (const supervisor of this.#all()) supervisor.retire();
  }

  /** Stops all templates immediately with SIGKILL. Detached processes keep running. */
  kill(): void {
    this.#isClosed = true;
    for (const supervisor of this.#all()) {
      void supervisor.stop();
      supervisor.kill();
    }
  }

  #add(template: ProcessTemplate): Supervisor {
    const { name } = template;
    this.#assertOpen();
    if (this.#deletions.has(name)) throw beingDeleted(name);
    if (this.#supervisors.has(name)) {
      const advice = "choose another name, or PUT to replace its settings";
      throw new GafferdError("conflict", `a process template \`${name}\` already exists; ${advice}`, { field: "name" });
    }
    const supervisor = new Supervisor(template, {
      bus: this.#bus,
      log: this.#log,
      ledger: this.#ledger,
      memory: this.#memory,
      nextId: () => (this.#lastId += 1),
      gaveUp: ({ onGiveUp }, reason) => {
        // A template whose creation fails is removed synchronously, so that it does not stop gafferd.
        if (onGiveUp === "shutdown") queueMicrotask(() => this.#supervisors.has(name) && this.#onShutdown?.(reason));
      },
    });
    this.#supervisors.set(name, supervisor);
    this.#names = undefined;
    this.#bus.publish({ type: "create", name });
    return supervisor;
  }

  #forget(name: string): void {
    this.#supervisors.delete(name);
    this.#names = undefined;
  }

  /** Starts the next waiting template. Returns false if there is none. */
  #startNext(waiting: ProcessTemplate[]): boolean {
    const next = waiting.shift();
    if (next === undefined || this.#isClosed) return false;
    try {
      this.#supervisors.get(next.name)?.start();
    } catch (error) {
      if (!(error instanceof GafferdError)) throw error;
    }
    return true;
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
    return [...this.#supervisors.values()];
  }
}

function beingDeleted(name: string): GafferdError {
  return new GafferdError("conflict", `\`${name}\` is being deleted; wait until its processes have ended`);
}
