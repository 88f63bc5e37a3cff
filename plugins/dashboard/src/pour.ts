import type { TailItem } from "gafferd/client";
import { nextFrame, oncePerFrame } from "./frame.ts";
import type { Weaver } from "./weave.ts";

/**
 * So many characters are written between two drawings, and one item more (60 KiB at most). What is not taken stays in
 * the daemon, which names what it has to drop: a flood costs this page neither frames nor memory.
 */
const maxPerFrame = 32 * 1024;

export interface Sink {
  /** Resolves when the text is parsed. */
  write(text: string): Promise<void>;
  /** What to wait for before more is written, if it is paused. */
  ready(): Promise<void> | undefined;
}

/** Writes items to a sink at the pace of the screen, and tells of each that it takes. */
export async function pour(
  items: AsyncIterable<TailItem>,
  weaver: Weaver,
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
      pending += weaver.next(item);
      onItem(item);
      if (pending.length < maxPerFrame) {
        flushLater();
        continue;
      }
      await flush();
      await nextFrame();
    }
  } finally {
    // What was told of as taken is written, before whatever another connection brings.
    await flush();
  }
}
