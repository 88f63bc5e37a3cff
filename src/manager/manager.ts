import { GafferdError } from "../errors.ts";
import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import type { Ledger } from "../supervisor/context.ts";
import { runInSlices } from "../slices.ts";
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
  /** Absent: nobody is told of what runs. */
  readonly ledger?: Ledger | undefined;
  /** Called when a template with `onGiveUp = shutdown` was given up, with the reason. */
  readonly onShutdown?: (reason: string) => void;
}

/** The registry of templates, and the verbs that callers may use. */
export class Manager {
  readonly #bus: EventBus;
  readonly #log: Logger;
  readonly #ledger: Ledger | undefined;
  readonly #onShutdown: ManagerOptions["onShutdown"];
  /** In the order of creation. */
  readonly #supervisors = new Map<string, Supervisor>();
  readonly #deletions = new Map<string, Promise<void>>();
  /** Undefined after a change, until it is asked for. */
  #names: readonly string[] | undefined;
  #lastId = 0;
  #isClosed = false;

  constructor(options: ManagerOptions) {
    this.#bus = options.bus;
    this.#log = options.log;
    this.#ledger = options.ledger;
    this.#onShutdown = options.onShutdown;
  }

  /** In the order of creation; the same array until there is another. */
  names(): readonly string[] {
    return (this.#names ??= [...this.#supervisors.keys()]);
  }

  /** Of all templates, ascending. */
  runningIds(): number[] {
    const ids = this.#all().flatMap((supervisor) => supervisor.processes.map(({ id }) => id));
    return ids.toSorted((a, b) => a - b);
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

  /** A process that runs or is among the last exits of its template. Throws `not_found`. */
  findProcess(id: number): { supervisor: Supervisor; process: SupervisedProcess } {
    for (const supervisor of this.#supervisors.values()) {
      const process = supervisor.find(id);
      if (process !== undefined) return { supervisor, process };
    }
    const isPast = id >= 1 && id <= this.#lastId;
    const reason = isPast ? `process ${id} has ended and is no longer held` : `there is no process ${id}`;
    throw new GafferdError("not_found", reason);
  }

  /** Adds a template, and starts it if it says so. Throws `conflict`, or `spawn_failed` and adds nothing. */
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

  /** `create`, then resolves to the ids of the processes that were started, in their order. */
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
    // What has ended by now may have been replaced.
    return ids.slice(0, template.numprocesses);
  }

  /**
   * Adds templates in their order and starts them by priority. What cannot be spawned is logged and stays `fatal`; the
   * others are started all the same.
   */
  async load(templates: readonly ProcessTemplate[]): Promise<void> {
    for (const template of templates) this.#add(template);
    const waiting = templates.filter(({ start }) => start).toSorted((a, b) => rankOf(a) - rankOf(b));
    await new Promise<void>((resolve) => runInSlices(() => this.#startNext(waiting), resolve));
  }

  /** Replaces the settings, then what runs, one process at a time; with `keepSame` not what differs in nothing. */
  async update(name: string, template: ProcessTemplate, options: { keepSame?: boolean } = {}): Promise<void> {
    await this.#writable(name).update(template, options);
  }

  /** Resolves when nothing of it runs any more and it is forgotten. */
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

  /** Throws `spawn_failed` when a process cannot be spawned at all. */
  start(name: string): void {
    this.#writable(name).start();
  }

  /** Resolves when nothing of it runs any more. */
  async stop(name: string): Promise<void> {
    await this.get(name).stop();
  }

  /** Resolves when every process was replaced. */
  async restart(name: string, options: { spawnFirst: boolean }): Promise<void> {
    await this.#writable(name).restart(options);
  }

  /** Resolves to the new number of wanted processes, when so many run. Throws `bad_value` if not each would have a port. */
  async scale(name: string, delta: number): Promise<number> {
    const supervisor = this.#writable(name);
    assertPorts(supervisor.template, supervisor.template.numprocesses + delta);
    return await supervisor.scale(delta);
  }

  /** Sends a signal to one process, or to each of a template; with `group`, to their process groups. */
  signal(target: string | number, signalNumber: number, options: { group?: boolean } = {}): void {
    if (typeof target === "number") return this.findProcess(target).process.signal(signalNumber, options);
    for (const process of this.get(target).processes) process.signal(signalNumber, options);
  }

  /** Resolves when nothing is left of it. Its template replaces it if it is wanted. */
  async stopProcess(id: number): Promise<void> {
    const { supervisor, process } = this.findProcess(id);
    await supervisor.stopProcess(process);
  }

  /** The longest `gracefulTimeoutMs` of all templates; 0 without any. */
  longestGraceMs(): number {
    return Math.max(0, ...this.#all().map(({ template }) => template.gracefulTimeoutMs));
  }

  /** How many read an output now, or wait for one. */
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
   * Takes no new work and stops all templates: those that started last first, those of one priority together. Sends
   * SIGKILL to what is left after the longest `gracefulTimeoutMs`, however many priorities there are. `onWaiting` is called
   * for each template that takes its time.
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

  /** Stops all templates at once, with SIGKILL. What is detached lives on. */
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
      throw new GafferdError("conflict", `a process template \`${name}\` exists already; ${advice}`, { field: "name" });
    }
    const supervisor = new Supervisor(template, {
      bus: this.#bus,
      log: this.#log,
      ledger: this.#ledger,
      nextId: () => (this.#lastId += 1),
      gaveUp: ({ onGiveUp }, reason) => {
        // What a caller asks for and cannot be spawned is forgotten at once, and the caller told.
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

  /** Whether there was one to start. */
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

  /** A supervisor that takes new work. */
  #writable(name: string): Supervisor {
    const supervisor = this.get(name);
    this.#assertOpen();
    if (this.#deletions.has(name)) throw beingDeleted(name);
    return supervisor;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new GafferdError("overloaded", "gafferd is stopping and takes no new work");
  }

  #all(): Supervisor[] {
    return [...this.#supervisors.values()];
  }
}

function beingDeleted(name: string): GafferdError {
  return new GafferdError("conflict", `\`${name}\` is being deleted; wait until its processes are gone`);
}
