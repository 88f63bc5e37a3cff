import type { KeptOutput } from "../journal/journal.ts";
import type { Logger } from "../log.ts";
import type { StreamPosition } from "../reading/stream-position.ts";
import { bootId } from "../boot.ts";
import { GafferdError } from "../errors.ts";
import type { LineMatcher } from "./matching/line-matcher.ts";
import type { LogItem } from "./log-item.ts";
import type { SearchEnd } from "./log-range.ts";
import { MergedItems } from "./merged-items.ts";
import { NewestLines } from "./newest-lines.ts";
import { timeOfPosition } from "./rank-time.ts";
import { findLife, type SearchStart, startAfter, startAtOldest, startAtRank, startAtTime } from "./search-start.ts";
import type { SearchedTemplate } from "./searched-template.ts";
import { TemplateLines } from "./template-lines.ts";

/** A place in the output: a time, or what a client has read. */
export type SearchPlace =
  | { readonly kind: "time"; readonly unixMs: number }
  | { readonly kind: "position"; readonly position: StreamPosition };

export interface LogQuery {
  readonly processId: number | undefined;
  readonly label: string | undefined;
  readonly matcher: LineMatcher;
  readonly since: SearchPlace | undefined;
  readonly until: SearchPlace | undefined;
  /** The most lines. */
  readonly limit: number;
  readonly order: "oldest" | "newest";
  /** Output that is written later is wanted too. */
  readonly follow: boolean;
}

/** The kept output of one template, by its name. */
export interface NamedOutput {
  readonly name: string;
  readonly kept: KeptOutput;
}

export interface LogSearchOptions {
  readonly outputs: readonly NamedOutput[];
  /** Only this template is wanted. Otherwise templates may be added. */
  readonly isSingle: boolean;
  readonly query: LogQuery;
  readonly log: Logger;
  /** Ends the search early: the next `next` returns undefined. */
  readonly signal: AbortSignal;
}

/** A template with what is needed to search it. */
interface Searched extends SearchedTemplate {
  readonly name: string;
  /** Where the search ends if it does not follow; undefined if nothing is on disk. */
  readonly end: SearchEnd | undefined;
  readonly untilMs: number | undefined;
}

/** The newest lines are held up to this size, so that they need not be searched for twice. */
const maxHeldBytes = 512 * 1024;
/** A full disk does not delay a search longer. */
const longestFlushMs = 500;
/** Times of neighbouring lines may be wrong by less than this. */
const timeSlackMs = 1000;

/** The items that a query wants, in its order. The caller must `close` it. */
export class LogSearch {
  readonly #options: LogSearchOptions;
  readonly #searched: Searched[] = [];
  /** What is returned first: the newest lines, oldest first. */
  #held: LogItem[] = [];
  #items: MergedItems | undefined;
  /** Lines that are still wanted. */
  #limit: number;

  private constructor(options: LogSearchOptions) {
    this.#options = options;
    this.#limit = options.query.follow && options.query.since !== undefined ? Infinity : options.query.limit;
  }

  /** Writes what has arrived to disk, and prepares the search. Throws `bad_value` for an `until` that is not on disk. */
  static async open(options: LogSearchOptions): Promise<LogSearch> {
    const search = new LogSearch(options);
    const { outputs } = options;
    await Promise.all(outputs.map(({ kept }) => kept.segments.load().then(() => flush(kept))));
    await search.#prepare();
    return search;
  }

  /** The next item, if it is older than `beforeMs`; undefined if there is none, or none yet. */
  async next(beforeMs?: number): Promise<LogItem | undefined> {
    if (this.#items === undefined) await this.#begin();
    if (this.#limit <= 0 || this.#options.signal.aborted) return undefined;
    const item = this.#held.shift() ?? (await this.#items?.next(beforeMs));
    if (item?.kind === "line") this.#limit -= 1;
    return item;
  }

  /** Adds a template that is new. Its output is wanted from the first byte on. */
  async add({ name, kept }: NamedOutput): Promise<void> {
    if (this.#items === undefined) await this.#begin();
    if (this.#items?.names.includes(name) !== false) return;
    await kept.segments.load();
    const searched = this.#toSearched({ name, kept }, undefined);
    this.#searched.push(searched);
    this.#items.add(this.#lines(searched, startAtOldest(kept.segments)));
  }

  /** Resolves when everything that has arrived is on disk. A full disk does not delay it for long. */
  async flush(): Promise<void> {
    await Promise.all(this.#searched.map(({ kept }) => flush(kept)));
  }

  async park(): Promise<void> {
    await this.#items?.park();
  }

  async close(): Promise<void> {
    await this.#items?.close();
  }

  async #prepare(): Promise<void> {
    const { outputs, query, isSingle } = this.#options;
    const { until } = query;
    const place = until?.kind === "position" ? until.position : undefined;
    const own = place && outputs.find(({ kept }) => findLife(kept.segments, place) !== undefined);
    if (place !== undefined && own === undefined) {
      throw new GafferdError("bad_value", "no output of the id in `until` is kept any more; use a time", {
        field: "until",
      });
    }
    const atMs = place && own && !isSingle ? await timeOfPosition(own.kept.segments, place) : undefined;
    for (const output of outputs) {
      const untilMs = until?.kind === "time" ? until.unixMs : output === own ? undefined : atMs;
      const searched = this.#toSearched(output, untilMs);
      if (output !== own || place === undefined) this.#searched.push(searched);
      else {
        const { boot = bootId, serial, order: rank } = place;
        this.#searched.push({ ...searched, end: { boot, serial, rank, isNow: false } });
      }
    }
  }

  #toSearched({ name, kept }: NamedOutput, untilMs: number | undefined): Searched {
    const { query, log, signal } = this.#options;
    const { processId, label, matcher } = query;
    return { name, kept, scope: { name, processId, label }, matcher, log, signal, end: endOf(kept), untilMs };
  }

  async #begin(): Promise<void> {
    const { query } = this.#options;
    const { since, order, follow, limit } = query;
    if (order === "newest") {
      this.#items = this.#newest();
    } else if (since === undefined) {
      await this.#beginWithNewest(limit);
    } else {
      const starts = this.#searched.map(
        (each) => [each, this.#startOf(each, since) ?? (follow ? liveStart(each) : undefined)] as const,
      );
      if (since.kind === "time" || this.#options.isSingle) this.#items = this.#forwards(starts);
      else await this.#beginAfter(since.position, starts);
    }
  }

  /** The newest lines that match, then, if the query follows, what is written later. */
  async #beginWithNewest(limit: number): Promise<void> {
    const live = this.#searched.map((each) => [each, liveStart(each)] as const);
    const oldest = new Map<string, LogItem>();
    let bytes = 0;
    const newest = this.#newest();
    try {
      for (let lines = 0; lines < limit;) {
        const item = await newest.next();
        if (item === undefined) break;
        oldest.set(item.name, item);
        if (item.kind === "line") {
          lines += 1;
          bytes += item.bytes.length + 200;
        }
        if (bytes <= maxHeldBytes) this.#held.push(item);
      }
    } finally {
      await newest.close();
    }
    if (bytes <= maxHeldBytes) {
      this.#held.reverse();
      this.#items = this.#forwards(this.#options.query.follow ? live : []);
    } else {
      this.#held = [];
      this.#items = this.#forwards(
        this.#searched.map((each, index) => {
          const item = oldest.get(each.name);
          const { boot = "", rank = 0, position } = item ?? {};
          const found = position && startAtRank(each.kept.segments, { boot, serial: position.serial, rank });
          return [each, found ?? live[index]?.[1]];
        }),
      );
    }
    if (this.#options.query.follow) this.#limit = Infinity;
  }

  /** What follows a position of one template in the output of all. The order is the same each time, so it is repeated. */
  async #beginAfter(
    position: StreamPosition,
    starts: readonly (readonly [Searched, SearchStart | undefined])[],
  ): Promise<void> {
    const own = this.#searched.find(({ kept }) => findLife(kept.segments, position) !== undefined);
    const timeMs = own && (await timeOfPosition(own.kept.segments, position));
    if (own === undefined || timeMs === undefined) {
      this.#items = this.#forwards(starts);
      return;
    }
    const { follow } = this.#options.query;
    this.#items = this.#forwards(
      this.#searched.map((each) => {
        const start = startAtTime(each.kept.segments, timeMs - timeSlackMs);
        return [
          each,
          start === undefined ? (follow ? liveStart(each) : undefined) : { ...start, lossBefore: undefined },
        ];
      }),
      timeMs - timeSlackMs,
    );
    const { boot = bootId, serial, order } = position;
    let hasPassed = false;
    await this.#items.skipTo(own.name, timeMs, (item) => {
      const isOwn = item.boot === boot && item.position.serial === serial;
      hasPassed ||= isOwn && item.rank >= order;
      return hasPassed;
    });
  }

  #startOf({ kept: { segments } }: Searched, since: SearchPlace): SearchStart | undefined {
    return since.kind === "time" ? startAtTime(segments, since.unixMs) : startAfter(segments, since.position);
  }

  #newest(): MergedItems {
    const { since, limit } = this.#options.query;
    const sources = this.#searched.flatMap((each) => {
      const { end } = each;
      const start = since && this.#startOf(each, since);
      if (end === undefined || (since !== undefined && start === undefined)) return [];
      return [new NewestLines({ ...each, end, start, sinceMs: sinceMsOf(since), limit })];
    });
    return new MergedItems(sources, "newest");
  }

  #forwards(
    starts: readonly (readonly [Searched, SearchStart | undefined])[],
    sinceMs = sinceMsOf(this.#options.query.since),
  ): MergedItems {
    const { follow } = this.#options.query;
    const sources = starts
      .filter(([, start]) => follow || start !== undefined)
      .map(([each, start]) => this.#lines(each, start, sinceMs));
    return new MergedItems(sources, "oldest");
  }

  #lines(searched: Searched, start: SearchStart | undefined, sinceMs?: number): TemplateLines {
    const { follow } = this.#options.query;
    return new TemplateLines({ ...searched, start, sinceMs, end: follow ? undefined : searched.end });
  }
}

async function flush(kept: KeptOutput): Promise<void> {
  const waiting = Promise.withResolvers<void>();
  const timer = setTimeout(waiting.resolve, longestFlushMs);
  await Promise.race([kept.flush(), waiting.promise]);
  clearTimeout(timer);
}

function sinceMsOf(since: SearchPlace | undefined): number | undefined {
  return since?.kind === "time" ? since.unixMs : undefined;
}

/** The end of what is on disk now; undefined if there is nothing. */
function endOf({ segments, writer }: KeptOutput): SearchEnd | undefined {
  const last = segments.lives.at(-1);
  if (last === undefined) return undefined;
  const { boot, serial } = last;
  const isWriting = writer !== undefined && !writer.isDone && writer.serial === serial && boot === bootId;
  return { boot, serial, rank: isWriting ? writer.rank : Infinity, isNow: true };
}

/** Where output begins that is written from now on; undefined if it begins with a new segment. */
function liveStart({ kept, end }: Searched): SearchStart | undefined {
  return end === undefined || end.rank === Infinity ? undefined : startAtRank(kept.segments, end);
}
