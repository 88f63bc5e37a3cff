import type { TailItem } from "gafferd/client";
import { nextFrame, oncePerFrame } from "../state/frame.ts";
import type { ItemFormatter } from "./format-items.ts";

/**
 * Up to this many characters, plus one item (at most 60 KiB), are written per frame. The rest stays in the daemon, which
 * reports what it has to drop. So a flood of output does not slow down the page or fill its memory.
 */
const maxPerFrame = 32 * 1024;

export interface Sink {
  /** Resolves when the terminal has processed the text. */
  write(text: string): Promise<void>;
  /** While paused, a promise that resolves when writing may continue. */
  ready(): Promise<void> | undefined;
}

/** Writes items to a sink at the pace of the screen. Calls `onItem` for each item that it accepts. */
export async function writeItems(
  items: AsyncIterable<TailItem>,
  formatter: ItemFormatter,
  sink: Sink,
  signal: AbortSignal,
  onItem: (item: TailItem) => void,
): Promise<void> {
  let pending = "";
  const flush = () => {
    const text = pending;
    pending = "";
    return text === "" ? Promise.resolve() : sink.write(text);
  };
  const flushLater = oncePerFrame(() => void flush());
  try {
    for await (const item of items) {
      await sink.ready();
      signal.throwIfAborted();
      pending += formatter.next(item);
      onItem(item);
      if (pending.length < maxPerFrame) {
        flushLater();
        continue;
      }
      await flush();
      await nextFrame();
    }
  } finally {
    // Write the items that were accepted before another connection continues after them.
    await flush();
  }
}
