import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import { checksumOf, type PlannedTemplate, type TemplateRows } from "./template-rows.ts";
import { isStored, type TemplateSource } from "./template-source.ts";

/** How often templates are written again that the disk refused. */
const retryMs = 5000;

/** The store, as far as this needs it. */
export interface TemplateStore {
  readonly rows: TemplateRows;
  /** Resolves when everything that was written survives a power failure. */
  durable(): Promise<void>;
}

/**
 * Knows where each template came from, and keeps those of HTTP and plugins on disk with their size and whether they are wanted
 * to run. A disk that refuses a write does not stop anything: it is logged once and tried again every 5 s.
 */
export class KeptTemplates {
  readonly #log: Logger;
  readonly #find: (name: string) => Supervisor | undefined;
  readonly #sources = new Map<string, TemplateSource>();
  /** The checksums of what is on disk, by name. */
  readonly #written = new Map<string, string>();
  /** Templates that were read from disk and that nobody has created or deleted since. */
  readonly #restored = new Set<string>();
  /** What the disk refused to write, by name; undefined if a row was to be removed. */
  readonly #refused = new Map<string, PlannedTemplate | undefined>();
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
    for (const each of planned) this.#written.set(each.template.name, checksumOf(each));
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

  /** Brings what is on disk to the present settings of a template, or removes it if it was deleted or is not to be kept. */
  save(name: string): void {
    if (this.#store !== undefined) this.#write(name, this.#plan(name));
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
    if (names.some((name) => this.#refused.has(name))) return false;
    if (!names.some((name) => this.#written.has(name) || !this.#sources.has(name))) return true;
    try {
      await this.#store.durable();
      return true;
    } catch (error) {
      this.#log.error(`cannot save templates in ${this.#store.rows.path}: ${messageOf(error)}`);
      return false;
    }
  }

  /** Tries once more to write what was refused, and releases the store. */
  close(): void {
    this.#retry();
    clearInterval(this.#timer);
    this.#store?.rows.close();
    this.#store = undefined;
  }

  /** What the next start has to know of a template; undefined if nothing. */
  #plan(name: string): PlannedTemplate | undefined {
    const supervisor = this.#find(name);
    const source = this.sourceOf(name);
    if (supervisor === undefined || !isStored(source) || !supervisor.template.persist) return undefined;
    return { template: supervisor.template, source, isWanted: isWanted(supervisor) };
  }

  #write(name: string, planned: PlannedTemplate | undefined): void {
    const rows = this.#store?.rows;
    if (rows === undefined) return;
    try {
      if (planned !== undefined) this.#written.set(name, rows.save(planned, this.#written.get(name)));
      else if (this.#written.has(name)) rows.remove(name);
      if (planned === undefined) this.#written.delete(name);
      if (this.#refused.delete(name) && this.#refused.size === 0) this.#endRetries();
    } catch (error) {
      this.#refused.set(name, planned);
      if (this.#timer !== undefined) return;
      this.#log.error(`cannot save templates in ${rows.path}: ${messageOf(error)}; trying again`);
      this.#timer = setInterval(() => this.#retry(), retryMs).unref();
    }
  }

  #retry(): void {
    for (const [name, planned] of this.#refused) this.#write(name, planned);
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
