import type { OpenReader, OutputItems, ReaderCallbacks } from "../../reading/output-items.ts";
import type { NamedReaders } from "../../reading/named-readers.ts";
import type { OutputSource } from "../../reading/output-source.ts";
import { type OutputStart, ringsOf } from "../../reading/output-start.ts";
import type { StreamPosition } from "../../reading/stream-position.ts";

/** A reader whose place is held while its connection is broken. */
export interface NamedReader {
  /** Where it starts: at an id from the client, which knows what has arrived, else at the place that is held. */
  readonly start: OutputStart;
  /**
   * Call before the output is opened. `disconnect` ends this connection soon, and returns how far it has read. Throws
   * `overloaded`.
   */
  connect(disconnect: () => StreamPosition): NamedConnection;
}

export interface NamedConnection {
  /** Where its last connection stopped, if that is still held and the client has named no other place. */
  readonly heldAt: StreamPosition | undefined;
  /**
   * The response ends after this many bytes, a quarter of a buffer: the id of the next request says what has arrived, so that
   * no more is on its way than is kept. A single item may add as many.
   */
  readonly maxBytes: number;
  /** Call when the connection has ended. With a position, the processes wait for the next connection. */
  leave(position?: StreamPosition): void;
}

export interface NamedReaderOptions {
  readonly readers: NamedReaders;
  readonly name: string;
  readonly source: OutputSource;
  readonly label: string | undefined;
  /** Where to start if no place is held. */
  readonly start: OutputStart;
  /** How long the place is held. */
  readonly timeoutMs: number;
}

export function createNamedReader(options: NamedReaderOptions): NamedReader {
  const { readers, name, source, label, start, timeoutMs } = options;
  const key = [source.ranks.serial, source.processId, label, name].join("/");
  const isId = start.kind === "resume" || start.kind === "restart";
  const place = isId ? undefined : readers.placeOf(key);
  return {
    start: place === undefined ? start : { kind: "resume", position: place },
    connect(disconnect) {
      const { heldAt, leave } = readers.connect(key, disconnect);
      return {
        heldAt: isId ? undefined : heldAt,
        get maxBytes() {
          const rings = source.processes().flatMap((process) => ringsOf(process, label));
          return Math.floor(Math.min(...rings.map(({ capacity }) => capacity)) / 4);
        },
        leave: (position) => leave(position && { source, label, position, timeoutMs }),
      };
    },
  };
}

/** Opens the reader of a connection, which is left if that fails. Without one, opens the reader alone. */
export function openConnected(
  openReader: OpenReader,
  callbacks: ReaderCallbacks,
  connection: NamedConnection | undefined,
): OutputItems {
  try {
    return openReader(callbacks, connection?.heldAt);
  } catch (error) {
    connection?.leave();
    throw error;
  }
}
