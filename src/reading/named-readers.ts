import { GafferdError } from "../errors.ts";
import type { OutputSource } from "./output-source.ts";
import type { StreamPosition } from "./stream-position.ts";
import { WaitingReader } from "./waiting-reader.ts";

/** A named reader that is connected. */
export interface ConnectedReader {
  /** Where its last connection stopped, if that is still held. */
  readonly heldAt: StreamPosition | undefined;
  /** Call when the connection has ended. With `place`, it is held for a while. Does nothing after another one began. */
  leave(place?: HeldPlace): void;
}

export interface HeldPlace {
  readonly source: OutputSource;
  readonly label: string | undefined;
  readonly position: StreamPosition;
  readonly timeoutMs: number;
}

/** Ends the connection of a reader, soon, and returns how far it has read. */
type Disconnect = () => StreamPosition;

/** Each can make a process wait, also while its client is away. */
const maxReaders = 1000;

/**
 * Lossless readers with a name. While a connection is broken, the processes wait for its reader as for one that is connected,
 * so that the next connection with the name continues without a gap.
 */
export class NamedReaders {
  readonly #known = new Map<string, Disconnect | Hold>();

  /**
   * Connects a reader; open its output before you return to the event loop. A connection with the same key is ended: it may
   * have broken unnoticed. Throws `overloaded` if 1,000 names are in use.
   */
  connect(key: string, disconnect: Disconnect): ConnectedReader {
    const before = this.#known.get(key);
    if (before === undefined && this.#known.size >= maxReaders) {
      throw new GafferdError("overloaded", `${maxReaders} named readers are in use; try again later`);
    }
    const heldAt = before instanceof Hold ? before.position : before?.();
    // Its bytes stay until the caller has opened the output.
    if (before instanceof Hold) queueMicrotask(() => before.close());
    this.#known.set(key, disconnect);
    return {
      heldAt,
      leave: (place) => {
        if (this.#known.get(key) !== disconnect) return;
        this.#known.delete(key);
        if (place !== undefined) this.#hold(key, place);
      },
    };
  }

  /** Where a reader stopped whose connection has ended, while that is held. */
  placeOf(key: string): StreamPosition | undefined {
    const known = this.#known.get(key);
    return known instanceof Hold ? known.position : undefined;
  }

  #hold(key: string, place: HeldPlace): void {
    const hold = new Hold(place, () => {
      if (this.#known.get(key) === hold) this.#known.delete(key);
    });
    this.#known.set(key, hold);
  }
}

/** The place of a reader whose connection has ended. */
class Hold {
  readonly position: StreamPosition;
  readonly #reader: WaitingReader;
  readonly #timer: Timer;
  readonly #onClose: () => void;

  constructor({ source, label, position, timeoutMs }: HeldPlace, onClose: () => void) {
    this.position = position;
    this.#onClose = onClose;
    this.#timer = setTimeout(() => this.close(), timeoutMs);
    this.#reader = new WaitingReader({
      source,
      label,
      start: { kind: "resume", position },
      onGone: () => this.close(),
      onCutOff: () => this.close(),
    });
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#reader.close();
    this.#onClose();
  }
}
