const capacityBytes = 64 * 2 ** 20;
const maxMs = 60_000;
const end = "\n\n";

export interface ReceivedSummary {
  readonly events: number;
  /** Missing events, summed over the watchers. */
  readonly missing: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
}

/**
 * The data of many watchers that started at the same position and must receive the same bytes. Parsing every stream would
 * take longer than sending it, so only the stream of the watcher that is ahead is parsed; the others are compared with it.
 */
export class Received {
  readonly #bytes = Buffer.allocUnsafe(capacityBytes);
  #length = 0;
  /** The end offset of each event, and its `time` (Unix ms). */
  readonly #events: { readonly end: number; readonly timeMs: number }[] = [];
  readonly #watchers: { at: number; seen: number }[] = [];
  readonly #countByMs = new Uint32Array(maxMs + 1);
  #gaps = 0;
  #lastSequence: number | undefined;

  /** Adds a watcher. Call the result with its bytes and their time of arrival (Unix ms). Throws if watchers differ. */
  addWatcher(): (bytes: Uint8Array, nowMs: number) => void {
    const watcher = { at: 0, seen: 0 };
    this.#watchers.push(watcher);
    return (bytes, nowMs) => {
      const known = Math.min(bytes.length, this.#length - watcher.at);
      if (this.#bytes.compare(bytes, 0, known, watcher.at, watcher.at + known) !== 0) {
        throw new Error("two watchers received different events");
      }
      if (known < bytes.length) this.#append(bytes.subarray(known));
      watcher.at += bytes.length;
      for (;;) {
        const event = this.#events[watcher.seen];
        if (event === undefined || event.end > watcher.at) break;
        watcher.seen += 1;
        const ms = Math.min(maxMs, Math.max(0, Math.round(nowMs - event.timeMs)));
        this.#countByMs[ms] = (this.#countByMs[ms] ?? 0) + 1;
      }
    };
  }

  summarize(): ReceivedSummary {
    const late = this.#watchers.reduce((sum, { seen }) => sum + this.#events.length - seen, 0);
    return {
      // Without the greeting and gap events.
      events: this.#events.filter(({ timeMs }) => !Number.isNaN(timeMs)).length,
      missing: late + this.#gaps * this.#watchers.length,
      medianMs: this.#percentile(50),
      p99Ms: this.#percentile(99),
      slowestMs: this.#countByMs.findLastIndex((count) => count > 0),
    };
  }

  #append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > capacityBytes) throw new Error("received more bytes than the buffer holds");
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    const from = this.#events.at(-1)?.end ?? 0;
    for (const text of this.#bytes.toString("utf8", from, this.#length).split(end).slice(0, -1)) this.#read(text);
  }

  /** Parses `event: exit\ndata: {…,"time":"…"}\nid: r5k2x-2s`, or the greeting, which has only an id. */
  #read(text: string): void {
    const begin = this.#events.at(-1)?.end ?? 0;
    const [, time] = /"time":"([^"]+)"/.exec(text) ?? [];
    const sequence = Number.parseInt(/^id: r[0-9a-z]+-([0-9a-z]+)$/m.exec(text)?.[1] ?? "", 36);
    const isGreeting = time === undefined && this.#lastSequence === undefined;
    if (!isGreeting) this.#gaps += sequence - (this.#lastSequence ?? sequence) - 1;
    this.#lastSequence = sequence;
    const timeMs = time === undefined ? Number.NaN : Date.parse(time);
    this.#events.push({ end: begin + Buffer.byteLength(text) + end.length, timeMs });
  }

  #percentile(percent: number): number {
    const all = this.#countByMs.reduce((sum, count) => sum + count, 0);
    let below = 0;
    return this.#countByMs.findIndex((count) => (below += count) >= (all * percent) / 100);
  }
}
