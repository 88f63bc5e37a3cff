import type { Database } from "bun:sqlite";
import type { GafferdEvent } from "../events/event.ts";
import { rowChecksum } from "../store/row-checksum.ts";

/** Consecutive events of one boot. */
export interface EventPage {
  readonly boot: string;
  readonly first: number;
  readonly last: number;
  /** Undefined if they are damaged. */
  readonly events: readonly GafferdEvent[] | undefined;
}

export interface BootRow {
  readonly number: number;
  readonly id: string;
  /** The sequence of its last event; `null` if that is not known. */
  readonly last: number | null;
}

interface PageRow {
  readonly boot: string;
  readonly first: number;
  readonly last: number;
  readonly events: string;
  readonly checksum: string;
}

/** How many boots are known: more than one would come back to. */
const maxBoots = 100;

/** Reads and writes `eventTables`. `close` it before the database. All methods throw the errors of SQLite. */
export class EventRows {
  readonly #statements;

  constructor(database: Database) {
    const columns = "boot, first, last, events, checksum";
    this.#statements = {
      boot: database.prepare<BootRow, [string]>("SELECT number, id, last FROM boot WHERE id = ?"),
      nextBoot: database.prepare<BootRow, [number]>(
        "SELECT number, id, last FROM boot WHERE number > ? ORDER BY number LIMIT 1",
      ),
      addBoot: database.prepare<unknown, [string]>(
        "INSERT INTO boot (id) VALUES (?) ON CONFLICT (id) DO UPDATE SET last = NULL",
      ),
      endBoot: database.prepare<unknown, [number, string]>("UPDATE boot SET last = ? WHERE id = ?"),
      trimBoots: database.prepare<unknown, [number]>(
        "DELETE FROM boot WHERE number <= (SELECT number FROM boot ORDER BY number DESC LIMIT 1 OFFSET ?)",
      ),
      lastOf: database.prepare<{ last: number | null }, [string]>(
        "SELECT max(last) AS last FROM event_page WHERE boot = ?",
      ),
      add: database.prepare<unknown, [string, number, number, number, string, string]>(
        "INSERT INTO event_page (boot, first, last, last_ms, events, checksum) VALUES (?, ?, ?, ?, ?, ?)",
      ),
      count: database.prepare<{ count: number | null }, []>("SELECT sum(last - first + 1) AS count FROM event_page"),
      oldest: database.prepare<PageRow & { number: number }, []>(
        `SELECT number, ${columns} FROM event_page ORDER BY number LIMIT 1`,
      ),
      remove: database.prepare<unknown, [number]>("DELETE FROM event_page WHERE number = ?"),
      after: database.prepare<PageRow, [string, number]>(
        `SELECT ${columns} FROM event_page WHERE boot = ? AND last > ? ORDER BY last LIMIT 1`,
      ),
      since: database.prepare<PageRow, [number]>(
        `SELECT ${columns} FROM event_page WHERE last_ms >= ? ORDER BY number LIMIT 1`,
      ),
    };
  }

  /** Begins a boot, or goes on with it. Returns the sequence of its last event, 0 if it has none. */
  beginBoot(boot: string): number {
    const { addBoot, trimBoots } = this.#statements;
    const { last } = this.boot(boot) ?? { last: 0 };
    addBoot.run(boot);
    trimBoots.run(maxBoots);
    return Math.max(last ?? 0, this.lastSequence(boot));
  }

  /** The sequence of the last event of a boot that is on disk; 0 if there is none. */
  lastSequence(boot: string): number {
    return this.#statements.lastOf.get(boot)?.last ?? 0;
  }

  endBoot(boot: string, last: number): void {
    this.#statements.endBoot.run(last, boot);
  }

  boot(id: string): BootRow | undefined {
    return this.#statements.boot.get(id) ?? undefined;
  }

  bootAfter(number: number): BootRow | undefined {
    return this.#statements.nextBoot.get(number) ?? undefined;
  }

  add(boot: string, events: readonly GafferdEvent[]): void {
    const [first, last] = [events[0], events.at(-1)];
    if (first === undefined || last === undefined) return;
    const text = JSON.stringify(events);
    const checksum = rowChecksum([boot, first.sequence, last.sequence, text]);
    this.#statements.add.run(boot, first.sequence, last.sequence, Math.floor(last.timeMs), text, checksum);
  }

  /** Removes the oldest pages, so that no more than `max` events are left and a page. */
  trim(max: number): void {
    const { count, oldest, remove } = this.#statements;
    for (let left = count.get()?.count ?? 0; left > max;) {
      const page = oldest.get();
      if (!page || left - (page.last - page.first + 1) < max) return;
      remove.run(page.number);
      left -= page.last - page.first + 1;
    }
  }

  /** The page of a boot that has the first event after `sequence`. */
  pageAfter(boot: string, sequence: number): EventPage | undefined {
    return toPage(this.#statements.after.get(boot, sequence));
  }

  oldestPage(): EventPage | undefined {
    return toPage(this.#statements.oldest.get());
  }

  /** The first page with an event at or after a Unix time. */
  pageSince(unixMs: number): EventPage | undefined {
    return toPage(this.#statements.since.get(unixMs));
  }

  close(): void {
    for (const statement of Object.values(this.#statements)) statement.finalize();
  }
}

function toPage(row: PageRow | null): EventPage | undefined {
  if (row === null) return undefined;
  const { boot, first, last, events, checksum } = row;
  const isWhole = rowChecksum([boot, first, last, events]) === checksum;
  return { boot, first, last, events: isWhole ? (JSON.parse(events) as GafferdEvent[]) : undefined };
}
