import { findReader } from "../../src/http/streams/find-reader.ts";
import { KeptReader } from "../../src/journal/kept-reader.ts";
import type { OpenReader, OutputItem, OutputItems } from "../../src/reading/output-items.ts";
import type { OutputReaderOptions } from "../../src/reading/output-reader.ts";
import { sizeOfGap, templateSource } from "../../src/reading/output-source.ts";
import type { OutputStart } from "../../src/reading/output-start.ts";
import type { StreamPosition } from "../../src/reading/stream-position.ts";
import type { hostJournal } from "./journal-host.ts";

type Host = ReturnType<typeof hostJournal>;

/** An item as a client sees it. */
export type Seen =
  | { readonly text: string; readonly from: string }
  | { readonly gap: number | undefined }
  | { readonly event: string };

export interface ReadOptions extends Partial<Omit<OutputReaderOptions, "start">> {
  readonly start: OutputStart;
  /** Stops after so many items. */
  readonly most?: number;
  readonly name?: string;
}

/** Reads everything that there is now, as a client of `/streams` does. */
export async function readKept(host: Host, { most, ...options }: ReadOptions) {
  return await readAll(await findKeptReader(host, options), most);
}

/** Finds the reader that a client of `/streams` gets. */
export async function findKeptReader(host: Host, { start, name = "web", ...options }: ReadOptions) {
  const source = templateSource(host.manager.get(name));
  const readerOptions = { unit: "lines" as const, ...options };
  const { journal, log } = host;
  return (await findReader({ name, source, start, readerOptions, journal, log })).open;
}

/** Reads everything that there is now, from disk as far as possible. */
export async function readFromDisk(host: Host, { start, most, name = "web", ...options }: ReadOptions) {
  const kept = host.journal.find(name);
  if (kept === undefined) throw new Error("nothing is kept");
  await kept.writer?.flush();
  await kept.segments.load();
  const life = kept.segments.lives.at(-1);
  if (life === undefined) throw new Error("there are no segments");
  const rank = start.kind === "resume" ? start.position.floor || start.position.order : 0;
  const reader = await KeptReader.open({
    name,
    kept,
    live: templateSource(host.manager.get(name)),
    start: { life, start, rank, isAfterLoss: false },
    readerOptions: { unit: "lines", ...options },
    log: host.log,
  });
  return await readAll((callbacks) => reader.attach(callbacks), most);
}

/** Reads everything that there is now, with the position after each item. */
export async function readAll(open: OpenReader, most = Infinity) {
  const ready = new Ready();
  const reader = open({ onReady: () => ready.wake() });
  const seen: Seen[] = [];
  const positions: StreamPosition[] = [reader.position()];
  try {
    while (seen.length < most) {
      const item = await nextItem(reader, ready);
      if (item === undefined) break;
      seen.push(toSeen(item));
      positions.push(reader.position());
    }
  } finally {
    reader.close();
  }
  return { seen, positions };
}

async function nextItem(reader: OutputItems, ready: Ready): Promise<OutputItem | undefined> {
  for (;;) {
    ready.reset();
    const item = reader.next(1000, performance.now() + 1000);
    if (item !== undefined || !reader.isLoading) return item;
    await ready.wait();
  }
}

function toSeen(item: OutputItem): Seen {
  switch (item.kind) {
    case "bytes":
      return {
        text: Buffer.from(item.ring.copy(item.from, item.to)).toString("latin1"),
        from: `${item.process.id} ${item.label} ${item.from}`,
      };
    case "gap":
      return { gap: sizeOfGap(item) };
    default:
      return { event: `${item.kind} ${item.process.id}` };
  }
}

class Ready {
  #deferred = Promise.withResolvers<void>();
  reset(): void {
    this.#deferred = Promise.withResolvers();
  }
  wake(): void {
    this.#deferred.resolve();
  }
  wait(): Promise<void> {
    return this.#deferred.promise;
  }
}

/** All text of one output. */
export function textOf(seen: readonly Seen[], output: string): string {
  return seen.flatMap((each) => ("text" in each && each.from.startsWith(`${output} `) ? [each.text] : [])).join("");
}
