import type { NamedReaders } from "../../reading/named-readers.ts";
import type { OutputSource } from "../../reading/output-source.ts";
import { type OutputStart, ringsOf } from "../../reading/output-start.ts";
import type { StreamPosition } from "../../reading/stream-position.ts";

/** A reader whose place is held while its connection is broken. */
export interface NamedReader {
  /**
   * Call before the output is opened. `disconnect` ends this connection soon, and returns how far it has read. Throws
   * `overloaded`.
   */
  connect(disconnect: () => StreamPosition): NamedConnection;
}

export interface NamedConnection {
  readonly start: OutputStart;
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
  /** Where to start if no place is held. An id from the client wins over the place: the client knows what has arrived. */
  readonly start: OutputStart;
  /** How long the place is held. */
  readonly timeoutMs: number;
}

export function createNamedReader(options: NamedReaderOptions): NamedReader {
  const { readers, name, source, label, start, timeoutMs } = options;
  const key = [source.ranks.serial, source.processId, label, name].join("/");
  const isId = start.kind === "resume" || start.kind === "restart";
  return {
    connect(disconnect) {
      const { heldAt, leave } = readers.connect(key, disconnect);
      return {
        start: heldAt === undefined || isId ? start : { kind: "resume", position: heldAt },
        get maxBytes() {
          const rings = source.processes().flatMap((process) => ringsOf(process, label));
          return Math.floor(Math.min(...rings.map(({ capacity }) => capacity)) / 4);
        },
        leave: (position) => leave(position && { source, label, position, timeoutMs }),
      };
    },
  };
}
