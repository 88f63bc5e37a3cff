import { bootId } from "../boot.ts";
import type { EventBus } from "../events/bus.ts";
import type { ArchivedItem, EventArchive, EventPosition } from "../events/event-archive.ts";
import type { GafferdEvent } from "../events/event.ts";
import type { Logger } from "../log.ts";
import { messageOf } from "../reason.ts";
import { EventRows } from "./event-rows.ts";
import type { HistoryStore } from "./exit-history.ts";

/** How many events are kept on disk. */
const maxEvents = 10_000;
const pageEvents = 100;
/** In a flood, events are written before the bus no longer has them. */
const maxUnwritten = 500;

/**
 * Writes events to the store, so that readers come back after a restart, and reads them again. Publishing an event costs a
 * comparison: the bus keeps the last ones, and they are written together after 100 ms, without waiting for the disk.
 */
export class EventHistory implements EventArchive {
  readonly #bus: EventBus;
  readonly #store: HistoryStore;
  readonly #log: Logger;
  readonly #rows: EventRows;
  readonly #unsubscribe: () => void;
  /** About the sequence of the last event that was written: the last attempt may have failed. */
  #written: number;
  #isScheduled = false;
  #isFailing = false;

  /** Begins this boot. The store must be open, and no event was published. Throws the errors of SQLite. */
  constructor(bus: EventBus, store: HistoryStore, log: Logger) {
    this.#bus = bus;
    this.#store = store;
    this.#log = log;
    this.#rows = new EventRows(store.open());
    this.#written = store.transaction(() => this.#rows.beginBoot(bootId));
    bus.continueAfter(this.#written);
    bus.archive = this;
    this.#unsubscribe = bus.subscribe(() => this.#schedule());
  }

  after({ boot, sequence }: EventPosition): ArchivedItem | undefined {
    try {
      if (boot === bootId) this.#store.flush();
      return this.#after(boot, sequence);
    } catch (error) {
      this.#noteFailure(error);
      return undefined;
    }
  }

  before(unixMs: number): EventPosition | undefined {
    try {
      this.#store.flush();
      const page = this.#rows.pageSince(unixMs);
      if (page === undefined) return undefined;
      const found = page.events?.find(({ timeMs }) => timeMs >= unixMs)?.sequence ?? page.first;
      return { boot: page.boot, sequence: found - 1 };
    } catch (error) {
      this.#noteFailure(error);
      return undefined;
    }
  }

  /** Writes what is left, and notes that nothing is missing. Call it after the last event. */
  close(): void {
    this.#unsubscribe();
    this.#bus.archive = undefined;
    this.#writeNow(() => this.#rows.endBoot(bootId, this.#bus.head));
    this.#rows.close();
  }

  #after(boot: string, sequence: number): ArchivedItem | undefined {
    const page = this.#rows.pageAfter(boot, sequence);
    if (page !== undefined) {
      if (page.first > sequence + 1) return toGap(boot, page.first - 1, page.first - 1 - sequence);
      const { events, last } = page;
      if (events === undefined) return toGap(boot, last, last - sequence);
      const position = { boot, sequence: last };
      return { kind: "events", events: events.filter((event) => event.sequence > sequence), position };
    }
    if (boot === bootId) return undefined;
    const known = this.#rows.boot(boot);
    if (known === undefined) {
      // An old boot, or none at all: from the oldest event that is kept.
      const oldest = this.#rows.oldestPage();
      return toGap(oldest?.boot ?? bootId, (oldest?.first ?? this.#bus.oldest) - 1, undefined);
    }
    // If it was killed, nobody knows how many events it did not write.
    if (known.last === null || known.last > sequence) {
      const missed = known.last === null ? undefined : known.last - sequence;
      return { ...toGap(boot, 0, missed), position: this.#startAfter(known.number) };
    }
    return { kind: "next boot", position: this.#startAfter(known.number) };
  }

  #startAfter(bootNumber: number): EventPosition {
    return { boot: this.#rows.bootAfter(bootNumber)?.id ?? bootId, sequence: 0 };
  }

  #schedule(): void {
    if (!this.#isScheduled) this.#writeLater();
    if (this.#bus.head - this.#written >= maxUnwritten && !this.#isFailing) this.#writeNow();
  }

  #writeLater(): void {
    this.#isScheduled = true;
    this.#store
      .writeLater(() => this.#write())
      .then(
        () => {
          if (this.#isFailing) this.#log.warn("events are saved again");
          this.#isFailing = false;
        },
        (error: unknown) => this.#noteFailure(error),
      )
      .finally(() => (this.#isScheduled = false));
  }

  #writeNow(andThen = () => {}): void {
    try {
      this.#store.transaction(() => {
        this.#write();
        andThen();
      });
    } catch (error) {
      this.#noteFailure(error);
    }
  }

  /** Runs in a transaction. If that fails, the next one writes the events that the bus still has. */
  #write(): void {
    const from = Math.max(this.#rows.lastSequence(bootId) + 1, this.#bus.oldest);
    let page: GafferdEvent[] = [];
    for (let sequence = from; sequence <= this.#bus.head; sequence++) {
      const event = this.#bus.at(sequence);
      if (event !== undefined) page.push(event);
      if (page.length < pageEvents && sequence < this.#bus.head) continue;
      this.#rows.add(bootId, page);
      page = [];
    }
    this.#written = this.#bus.head;
    this.#rows.trim(maxEvents);
  }

  #noteFailure(error: unknown): void {
    if (!this.#isFailing) this.#log.error(`cannot save or read events in ${this.#store.path}: ${messageOf(error)}`);
    this.#isFailing = true;
  }
}

function toGap(boot: string, sequence: number, events: number | undefined): ArchivedItem {
  return { kind: "gap", events, position: { boot, sequence } };
}
