const capacityBytes = 64 * 2 ** 20;
const longestMs = 60_000;
const end = "\n\n";

export interface ReceivedSummary {
  readonly events: number;
  /** What a watcher lacks of them, summed over the watchers. */
  readonly missing: number;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly slowestMs: number;
}

/**
 * What many watchers got who began at the same place and are therefore to get the same bytes. To read each would take
 * longer than to send them, so one copy is read, that of whoever is ahead, and the others are compared with it.
 */
export class Received {
  readonly #bytes = Buffer.allocUnsafe(capacityBytes);
  #length = 0;
  /** Where each event ends, and its `time` (Unix ms). */
  readonly #events: { readonly end: number; readonly timeMs: number }[] = [];
  readonly #watchers: { at: number; seen: number }[] = [];
  readonly #countByMs = new Uint32Array(longestMs + 1);
  #gaps = 0;
  #lastSequence: number | undefined;

  /** Returns what takes the watcher's bytes, and when they came (Unix ms). Throws for what another was not sent. */
  addWatcher(): (bytes: Uint8Array, nowMs: number) => void {
    const watcher = { at: 0, seen: 0 };
    this.#watchers.push(watcher);
    return (bytes, nowMs) => {
      const known = Math.min(bytes.length, this.#length - watcher.at);
      if (this.#bytes.compare(bytes, 0, known, watcher.at, watcher.at + known) !== 0) {
        throw new Error("two watchers were sent different events");
      }
      if (known < bytes.length) this.#append(bytes.subarray(known));
      watcher.at += bytes.length;
      for (;;) {
        const event = this.#events[watcher.seen];
        if (event === undefined || event.end > watcher.at) break;
        watcher.seen += 1;
        const ms = Math.min(longestMs, Math.max(0, Math.round(nowMs - event.timeMs)));
        this.#countByMs[ms] = (this.#countByMs[ms] ?? 0) + 1;
      }
    };
  }

  summarize(): ReceivedSummary {
    const late = this.#watchers.reduce((sum, { seen }) => sum + this.#events.length - seen, 0);
    return {
      // Without the greeting, and gaps that were told.
      events: this.#events.filter(({ timeMs }) => !Number.isNaN(timeMs)).length,
      missing: late + this.#gaps * this.#watchers.length,
      medianMs: this.#percentile(50),
      p99Ms: this.#percentile(99),
      slowestMs: this.#countByMs.findLastIndex((count) => count > 0),
    };
  }

  #append(bytes: Uint8Array): void {
    if (this.#length + bytes.length > capacityBytes) throw new Error("more came than there is room for");
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    const from = this.#events.at(-1)?.end ?? 0;
    for (const text of this.#bytes.toString("utf8", from, this.#length).split(end).slice(0, -1)) this.#read(text);
  }

  /** `event: exit\ndata: {…,"time":"…"}\nid: r5k2x-2s`; or the greeting, an id alone. */
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
