import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import type { EventBus } from "../events/bus.ts";
import type { Logger } from "../log.ts";
import { findHosted } from "../manager/find-hosted.ts";
import type { Manager } from "../manager/manager.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { DiskQueue } from "./disk-queue.ts";
import type { JournalWriter } from "./journal-writer.ts";
import { Segments } from "./segments.ts";
import { WriteSlots } from "./write-slots.ts";

export interface JournalOptions {
  readonly stateDir: string;
  readonly bus: EventBus;
  readonly manager: Manager;
  readonly log: Logger;
}

/** The kept output of one template name. */
export interface KeptOutput {
  readonly segments: Segments;
  /** The writer of the template that exists now; undefined if its output is not kept. */
  readonly writer: JournalWriter | undefined;
  /** Resolves when everything that has arrived is on disk, also that of templates with this name that were deleted. */
  flush(): Promise<void>;
}

/** What a template with `output_keep` has on disk, and since its creation. */
export interface JournalUsage {
  readonly name: string;
  /** The size of its segments, also of those from before its creation. */
  readonly diskBytes: number;
  readonly writtenBytes: number;
  readonly lostBytes: number;
}

/** How often output that is too old is deleted. */
const sweepMs = 10 * 60_000;
/** The names of templates and runs, which are the names of folders. */
const namePattern = /^[A-Za-z0-9][\w.:@+~-]*$/;

/**
 * Output on disk, in `journal/NAME/` of `state_dir`: of every template with `output_keep`, also of templates that were deleted,
 * for as long as it says. Without such templates it costs nothing.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #folder: string;
  readonly #slots = new WriteSlots();
  readonly #segments = new Map<string, Segments>();
  readonly #writers = new Map<Supervisor, JournalWriter>();
  readonly #queue = new DiskQueue();
  readonly #unsubscribe: () => void;
  #sweepTimer: NodeJS.Timeout | undefined;
  /** Something is on disk, or will be. */
  #isUsed: boolean;
  #loading: Promise<void> | undefined;
  #writerClass: typeof JournalWriter | undefined;
  /** Templates whose output is written as soon as the code is loaded. */
  readonly #waiting: Supervisor[] = [];

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#folder = join(options.stateDir, "journal");
    this.#unsubscribe = options.bus.subscribe((event) => {
      if (event.type === "create" && this.#find(event.name)?.template.outputKeep !== undefined) void this.load();
      else if (event.type === "spawn") this.#spawned(event.name, event.id);
      else if (event.type === "update") this.#updated(event.name);
    });
    this.#isUsed = existsSync(this.#folder);
    if (this.#isUsed) this.#sweepSoon();
  }

  /** The names with kept output, sorted. */
  names(): string[] {
    try {
      return readdirSync(this.#folder)
        .filter((name) => namePattern.test(name))
        .toSorted();
    } catch {
      return [];
    }
  }

  /** The kept output of a template; undefined if nothing was ever kept. `segments` must be loaded by the caller. */
  find(name: string): KeptOutput | undefined {
    if (!this.#isUsed || !namePattern.test(name)) return undefined;
    const isWaiting = this.#waiting.some(({ template }) => template.name === name);
    if (!isWaiting && this.#writersOf(name).length === 0 && !existsSync(join(this.#folder, name))) return undefined;
    const writerNow = (): JournalWriter | undefined => {
      const supervisor = this.#find(name);
      return supervisor && this.#writers.get(supervisor);
    };
    const flush = async () => {
      await this.#loading;
      await Promise.all(this.#writersOf(name).map((each) => each.flush()));
    };
    return {
      segments: this.#segmentsOf(name),
      get writer() {
        return writerNow();
      },
      flush,
    };
  }

  /** Of the templates whose output is written now. */
  usage(): JournalUsage[] {
    return [...this.#writers].flatMap(([supervisor, { meter }]) => {
      const { name } = supervisor.template;
      if (this.#find(name) !== supervisor) return [];
      const diskBytes = this.#segmentsOf(name).list.reduce((sum, { size }) => sum + size, 0);
      return [{ name, diskBytes, ...meter }];
    });
  }

  /** Call when no output will follow. Resolves when everything is on disk, or the disk does not take it. */
  async close(): Promise<void> {
    this.#unsubscribe();
    clearTimeout(this.#sweepTimer);
    await this.#loading;
    const writers = [...this.#writers.values()];
    await Promise.all(writers.map((writer) => writer.flush()));
    await Promise.all(writers.map((writer) => writer.abort()));
    this.#slots.close();
  }

  #spawned(name: string, id: number): void {
    const supervisor = this.#find(name);
    if (supervisor?.template.outputKeep === undefined) return;
    const process = supervisor.find(id);
    const writer = this.#writers.get(supervisor);
    // A new writer adds all processes itself.
    if (writer === undefined) this.#write(supervisor);
    else if (process !== undefined) writer.add(process);
  }

  /** `output_keep` may have been set or removed. Processes that run go on. */
  #updated(name: string): void {
    const supervisor = this.#find(name);
    if (supervisor === undefined) return;
    const writer = this.#writers.get(supervisor);
    const isWanted = supervisor.template.outputKeep !== undefined;
    if (isWanted && writer === undefined && supervisor.processes.length > 0) this.#write(supervisor);
    else if (!isWanted) writer?.close();
  }

  /** Call when no output of a run will follow. What has arrived is still written. */
  end(name: string): void {
    const supervisor = this.#find(name);
    if (supervisor !== undefined) this.#writers.get(supervisor)?.close();
  }

  /** Loads the code that writes. Call it before templates with `output_keep` start, so that their first bytes are not missed. */
  load(): Promise<void> {
    this.#isUsed = true;
    return (this.#loading ??= import("./journal-writer.ts").then((module) => {
      this.#writerClass = module.JournalWriter;
      for (const supervisor of this.#waiting.splice(0)) this.#write(supervisor);
    }));
  }

  #write(supervisor: Supervisor): void {
    const { log } = this.#options;
    const Writer = this.#writerClass;
    if (Writer === undefined) {
      this.#waiting.push(supervisor);
      void this.load();
      return;
    }
    if (this.#writers.has(supervisor) || supervisor.template.outputKeep === undefined) return;
    const segments = this.#segmentsOf(supervisor.template.name);
    const writer = new Writer({
      supervisor,
      segments,
      slots: this.#slots,
      queue: this.#queue,
      log,
      after: Promise.all(this.#writersOf(supervisor.template.name).map(({ done }) => done)),
    });
    this.#writers.set(supervisor, writer);
    void writer.done.then(() => {
      if (this.#writers.get(supervisor) === writer) this.#writers.delete(supervisor);
    });
    this.#sweepSoon();
  }

  /** The writers that are not done: one, and those of deleted templates with the same name. */
  #writersOf(name: string): JournalWriter[] {
    return [...this.#writers].flatMap(([{ template }, writer]) => (template.name === name ? [writer] : []));
  }

  #find(name: string): Supervisor | undefined {
    return findHosted(this.#options.manager, name);
  }

  #segmentsOf(name: string): Segments {
    let segments = this.#segments.get(name);
    if (segments === undefined) {
      segments = new Segments(join(this.#folder, name), this.#options.log);
      this.#segments.set(name, segments);
    }
    return segments;
  }

  #sweepSoon(): void {
    this.#sweepTimer ??= setTimeout(() => void this.sweep(), sweepMs).unref();
  }

  /** Deletes output that is too old, also that of templates that no longer exist. */
  async sweep(): Promise<void> {
    for (const name of this.names()) {
      const kept = this.find(name);
      if (kept === undefined) continue;
      const { segments, writer } = kept;
      await segments.load();
      const keep = this.#find(name)?.template.outputKeep ?? segments.list.at(-1)?.keep ?? {};
      writer?.endOldSegment(Date.now());
      await segments.enforce(keep, Date.now(), writer?.current);
      if (segments.list.length > 0 || this.#writersOf(name).length > 0) continue;
      this.#segments.delete(name);
      try {
        rmdirSync(segments.folder);
      } catch {
        // Something else lies in it.
      }
    }
    this.#sweepTimer = undefined;
    if (this.names().length > 0) this.#sweepSoon();
  }
}
