import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { type PlannedTemplate, type TemplateRow, type TemplateRows, toTemplateRow } from "./template-rows.ts";
import { isStored, type TemplateSource } from "./template-source.ts";

/** How often templates are written again that the disk refused. */
const retryMs = 5000;

/** No row has this checksum. */
const unknownRow = "";

/** The store, as far as this needs it. */
export interface TemplateStore {
  readonly rows: TemplateRows;
  /** Resolves when `run` is committed and survives a power failure. Rejects with the errors of SQLite and of the disk. */
  write(run: () => void): Promise<void>;
}

/** What is to be on disk; undefined if the template is to be removed. */
type Wanted = TemplateRow | undefined;

/**
 * Knows where each template came from, and keeps those of HTTP and plugins on disk with their size and whether they are wanted
 * to run. A disk that refuses a write does not stop anything: it is logged once and tried again every 5 s.
 */
export class KeptTemplates {
  readonly #log: Logger;
  readonly #find: (name: string) => Supervisor | undefined;
  readonly #sources = new Map<string, TemplateSource>();
  /** The checksums of what is on disk or on its way, by name. */
  readonly #written = new Map<string, string>();
  /** The last write of each template that is on its way. */
  readonly #writing = new Map<string, Promise<void>>();
  /** Templates that were read from disk and that nobody has created or deleted since. */
  readonly #restored = new Set<string>();
  /** What the disk refused to write, by name. */
  readonly #refused = new Map<string, Wanted>();
  #store: TemplateStore | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isMissing = false;

  constructor(options: { readonly log: Logger; readonly find: (name: string) => Supervisor | undefined }) {
    this.#log = options.log;
    this.#find = options.find;
  }

  /** Uses the store from now on. Returns the templates in it. Throws the errors of SQLite. */
  open(store: TemplateStore): PlannedTemplate[] {
    const planned = store.rows.read(this.#log);
    this.#store = store;
    for (const each of planned) this.#written.set(each.template.name, toTemplateRow(each).checksum);
    return planned;
  }

  /** Call if the daemon runs without the store that it should have. */
  runWithout(): void {
    this.#isMissing = true;
  }

  sourceOf(name: string): TemplateSource {
    return this.#sources.get(name) ?? "program";
  }

  /** Call before `save`, and when the file that defines a template was read again. */
  setSource(name: string, source: TemplateSource): void {
    this.#sources.set(name, source);
  }

  /** Call when the template was read from disk. Its plugin may create it again. */
  noteRestored(name: string): void {
    this.#restored.add(name);
  }

  /** Whether a plugin creates a template that it created in an earlier run, for the first time in this one. */
  claim(name: string, source: TemplateSource): boolean {
    return source.startsWith("plugin:") && this.sourceOf(name) === source && this.#restored.delete(name);
  }

  /**
   * Brings what is on disk to the present settings of a template, or removes it if it was deleted or is not to be kept.
   * `isWanted` is whether the next start has to start it, if that is not what the supervisor says.
   */
  save(name: string, known: { readonly isWanted?: boolean } = {}): void {
    const planned = this.#store && this.#plan(name, known);
    this.#write(name, planned && toTemplateRow(planned));
  }

  forget(name: string): void {
    this.#sources.delete(name);
    this.#restored.delete(name);
    this.save(name);
  }

  /**
   * Resolves when the last change of these templates survives a power failure: to false if the disk refused it, and the next
   * start will not know it.
   */
  async saved(names: readonly string[]): Promise<boolean> {
    if (this.#store === undefined) return !this.#isMissing || !names.some((name) => this.#plan(name) !== undefined);
    await Promise.all(names.map((name) => this.#writing.get(name)));
    return !names.some((name) => this.#refused.has(name));
  }

  /** Tries once more to write what was refused, and releases the store when all is written. */
  async close(): Promise<void> {
    this.#retry();
    clearInterval(this.#timer);
    await Promise.all(this.#writing.values());
    this.#store?.rows.close();
    this.#store = undefined;
  }

  /** What the next start has to know of a template; undefined if nothing. */
  #plan(name: string, known: { readonly isWanted?: boolean } = {}): PlannedTemplate | undefined {
    const supervisor = this.#find(name);
    const source = this.sourceOf(name);
    if (supervisor === undefined || !isStored(source) || !supervisor.template.persist) return undefined;
    return { template: supervisor.template, source, isWanted: isWanted(supervisor), ...known };
  }

  #write(name: string, row: Wanted): void {
    if (this.#store === undefined || this.#written.get(name) === row?.checksum) return;
    if (row === undefined) this.#written.delete(name);
    else this.#written.set(name, row.checksum);
    const { rows, write } = this.#store;
    const writing = write(() => (row === undefined ? rows.remove(name) : rows.save(row))).then(
      () => this.#noteWritten(name),
      (error: unknown) => this.#noteRefused(name, row, error),
    );
    this.#writing.set(name, writing);
    void writing.then(() => this.#writing.get(name) === writing && this.#writing.delete(name));
  }

  #noteWritten(name: string): void {
    if (this.#refused.delete(name) && this.#refused.size === 0) this.#endRetries();
  }

  #noteRefused(name: string, row: Wanted, error: unknown): void {
    this.#refused.set(name, row);
    if (this.#timer !== undefined) return;
    this.#log.error(`cannot save templates in ${this.#store?.rows.path}: ${messageOf(error)}; trying again`);
    this.#timer = setInterval(() => this.#retry(), retryMs).unref();
  }

  #retry(): void {
    for (const [name, row] of this.#refused) {
      // What is on disk is not known.
      this.#written.set(name, unknownRow);
      this.#write(name, row);
    }
  }

  #endRetries(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#log.warn("templates are saved again");
  }
}

/** Whether the next start has to start it. A template whose processes ended, and are not restarted, has done its work. */
function isWanted(supervisor: Supervisor): boolean {
  const { active, state } = supervisor.status();
  return active || state === "fatal";
}
