import type { LogItem } from "./log-item.ts";

/** The items of one template, in one direction. */
export interface ItemSource {
  readonly name: string;
  /** The next item; undefined if there is none, or none yet. Its bytes are valid until the next call or `park`. */
  next(): Promise<LogItem | undefined>;
  /** Closes files and frees memory until the next item is wanted. */
  park(): Promise<void>;
  close(): Promise<void>;
}

export type MergeOrder = "oldest" | "newest";

interface Head {
  readonly item: LogItem;
  /**
   * Where it is merged. Times are exact to 10 ms only, and the clock may be set back: an item is never merged before one of the
   * same source that precedes it.
   */
  readonly timeMs: number;
}

/** So many sources hold a file and memory at a time. */
const mostOpen = 16;

/** Merges the items of several templates by time, and by name at the same time. The caller must `close` it. */
export class MergedItems {
  readonly #order: MergeOrder;
  /** The next item of each source; undefined if it had none. */
  readonly #heads = new Map<ItemSource, Head | undefined>();
  /** The time of the last item of each source. */
  readonly #lastMs = new Map<ItemSource, number>();
  /** The sources that are not parked, the last one used last. */
  readonly #open = new Set<ItemSource>();

  constructor(sources: readonly ItemSource[], order: MergeOrder) {
    this.#order = order;
    for (const source of sources) this.add(source);
  }

  get names(): readonly string[] {
    return [...this.#heads.keys()].map(({ name }) => name);
  }

  add(source: ItemSource): void {
    this.#heads.set(source, undefined);
  }

  /** The next item, if it is older than `beforeMs`; undefined if there is none, or none yet. */
  async next(beforeMs = Infinity): Promise<LogItem | undefined> {
    const [only] = this.#heads.keys();
    if (only !== undefined && this.#heads.size === 1 && beforeMs === Infinity && !this.#heads.get(only)) {
      this.#open.add(only);
      return await only.next();
    }
    const first = await this.#first();
    const head = first && this.#heads.get(first);
    if (first === undefined || head === undefined || head.timeMs >= beforeMs) return undefined;
    this.#heads.set(first, undefined);
    return head.item;
  }

  /**
   * Skips what a client has received that got the item before `isNew` of the template `name`, which was complete at `timeMs`.
   */
  async skipTo(name: string, timeMs: number, isNew: (item: LogItem) => boolean): Promise<void> {
    let hasSkipped = false;
    for (;;) {
      const first = await this.#first();
      const own = [...this.#heads].find(([source]) => source.name === name)?.[1];
      const head = first && this.#heads.get(first);
      if (first === undefined || head === undefined) return;
      const isBefore = head.timeMs < timeMs || (head.timeMs === timeMs && first.name < name);
      const isRead = own === undefined || isNew(own.item) ? !hasSkipped && isBefore && head !== own : true;
      if (!isRead) return;
      hasSkipped ||= head === own;
      this.#heads.set(first, undefined);
    }
  }

  async park(): Promise<void> {
    for (const source of this.#open) await source.park();
    this.#open.clear();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#heads.keys()].map((source) => source.close()));
    this.#heads.clear();
  }

  /** The source with the first item. */
  async #first(): Promise<ItemSource | undefined> {
    for (const [source, head] of this.#heads) if (head === undefined) await this.#advance(source);
    let first: ItemSource | undefined;
    for (const [source, head] of this.#heads) {
      const best = first && this.#heads.get(first);
      if (head !== undefined && (best === undefined || this.#isBefore(head, best))) first = source;
    }
    return first;
  }

  async #advance(source: ItemSource): Promise<void> {
    this.#open.delete(source);
    this.#open.add(source);
    const item = await source.next();
    // The source may be parked before the item is taken.
    this.#heads.set(source, item && { item: copyOf(item), timeMs: this.#timeOf(source, item) });
    const [oldest] = this.#open;
    if (this.#open.size <= mostOpen || oldest === undefined) return;
    this.#open.delete(oldest);
    await oldest.park();
  }

  #timeOf(source: ItemSource, { timeMs }: LogItem): number {
    const isForwards = this.#order === "oldest";
    const last = this.#lastMs.get(source) ?? (isForwards ? -Infinity : Infinity);
    const merged = isForwards ? Math.max(last, timeMs) : Math.min(last, timeMs);
    this.#lastMs.set(source, merged);
    return merged;
  }

  #isBefore(a: Head, b: Head): boolean {
    const difference = a.timeMs - b.timeMs || (a.item.name < b.item.name ? -1 : 1);
    return this.#order === "oldest" ? difference < 0 : difference > 0;
  }
}

function copyOf(item: LogItem): LogItem {
  return item.kind === "line" ? { ...item, bytes: Buffer.from(item.bytes) } : item;
}
