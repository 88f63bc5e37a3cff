import type { EventBus } from "../events/bus.ts";
import type { Journal } from "../journal/journal.ts";
import type { JournalWriter } from "../journal/journal-writer.ts";

/** Calls `onNews` when output of a template was written to disk. The caller must `close` it. */
export class KeptNews {
  readonly #journal: Journal;
  readonly #onNews: (name: string) => void;
  readonly #writers = new Map<JournalWriter, () => void>();
  readonly #unsubscribe: () => void;

  /** `wants` says whose output is of interest, of templates that start later too. */
  constructor(options: {
    readonly bus: EventBus;
    readonly journal: Journal;
    readonly wants: (name: string) => boolean;
    readonly onNews: (name: string) => void;
  }) {
    const { bus, journal, wants, onNews } = options;
    this.#journal = journal;
    this.#onNews = onNews;
    // The journal subscribed before, so that it has a writer by now.
    this.#unsubscribe = bus.subscribe((event) => {
      if ((event.type === "spawn" || event.type === "update") && wants(event.name)) this.watch(event.name);
    });
  }

  watch(name: string): void {
    const writer = this.#journal.find(name)?.writer;
    if (writer === undefined || this.#writers.has(writer)) return;
    const news = () => {
      if (writer.isDone) this.#forget(writer);
      this.#onNews(name);
    };
    this.#writers.set(writer, writer.onWritten(news));
    this.#onNews(name);
  }

  close(): void {
    this.#unsubscribe();
    for (const writer of this.#writers.keys()) this.#forget(writer);
  }

  #forget(writer: JournalWriter): void {
    this.#writers.get(writer)?.();
    this.#writers.delete(writer);
  }
}
