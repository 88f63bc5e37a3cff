import type { EventBus } from "../events/bus.ts";
import type { Journal } from "../journal/journal.ts";
import type { Logger } from "../log.ts";
import { KeptNews } from "./kept-news.ts";
import type { LogItem } from "./log-item.ts";
import { type LogQuery, LogSearch, type NamedOutput } from "./log-search.ts";

export interface LogReaderOptions {
  readonly journal: Journal;
  readonly bus: EventBus;
  /** The only template that is read; undefined for all. */
  readonly name: string | undefined;
  readonly query: LogQuery;
  readonly log: Logger;
}

/** Lines of several templates wait so long for earlier ones of others: times are exact to 10 ms. */
const mergeDelayMs = 40;
const timeErrorMs = 15;

/** Reads the kept output of one template or of all, and what is written later. The caller must `close` it. */
export class LogReader {
  readonly #options: LogReaderOptions;
  readonly #search: LogSearch;
  readonly #controller: AbortController;
  readonly #news: KeptNews | undefined;
  readonly #newNames = new Set<string>();
  #onNews: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  /** Everything that arrived before this time is on disk: Unix ms. Undefined if that must be found out. */
  #completeMs: number | undefined;

  private constructor(options: LogReaderOptions, search: LogSearch, controller: AbortController) {
    this.#options = options;
    this.#search = search;
    this.#controller = controller;
    if (!options.query.follow) return;
    const { bus, journal, name } = options;
    const wants = (each: string) => name === undefined || each === name;
    this.#news = new KeptNews({ bus, journal, wants, onNews: (each) => this.#written(each) });
    for (const each of namesOf(options)) this.#news.watch(each);
  }

  /** Prepares the search. Throws `bad_value` for an `until` that is not on disk. */
  static async open(options: LogReaderOptions): Promise<LogReader> {
    const { journal, name, query, log } = options;
    const controller = new AbortController();
    const outputs = namesOf(options).flatMap((each): NamedOutput[] => {
      const kept = journal.find(each);
      return kept === undefined ? [] : [{ name: each, kept }];
    });
    const { signal } = controller;
    const search = await LogSearch.open({ outputs, isSingle: name !== undefined, query, log, signal });
    return new LogReader(options, search, controller);
  }

  /** Whether nothing will follow once `next` has returned undefined. */
  get ends(): boolean {
    return !this.#options.query.follow;
  }

  /** Calls `onNews` when `next` may return more. */
  onNews(onNews: () => void): void {
    this.#onNews = onNews;
  }

  /** The next item; undefined if there is none, or none yet. Its bytes are valid until the next call or `park`. */
  async next(): Promise<LogItem | undefined> {
    const { query, name, journal } = this.#options;
    if (!query.follow) return await this.#search.next();
    for (const each of this.#newNames) {
      this.#newNames.delete(each);
      const kept = journal.find(each);
      if (kept !== undefined) await this.#search.add({ name: each, kept });
    }
    if (name !== undefined) return await this.#search.next();
    if (this.#completeMs === undefined) {
      const nowMs = Date.now();
      await this.#search.flush();
      this.#completeMs = nowMs - timeErrorMs;
    }
    const item = await this.#search.next(this.#completeMs);
    if (item === undefined) this.#completeMs = undefined;
    return item;
  }

  async park(): Promise<void> {
    await this.#search.park();
  }

  /** Ends a search that is going on. */
  cancel(): void {
    this.#controller.abort();
    this.#news?.close();
    clearTimeout(this.#timer);
  }

  async close(): Promise<void> {
    this.cancel();
    await this.#search.close();
  }

  #written(name: string): void {
    this.#newNames.add(name);
    if (this.#options.name !== undefined) this.#onNews();
    else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.#onNews();
      }, mergeDelayMs);
    }
  }
}

function namesOf({ journal, name }: LogReaderOptions): readonly string[] {
  if (name !== undefined) return [name];
  // Of a template that is new, nothing may be on disk yet.
  return [...new Set([...journal.names(), ...journal.usage().map((usage) => usage.name)])];
}
