import { encode, type Encoding } from "../operation/encoding.ts";

/** Larger files are compressed for each request, piece by piece. */
export const maxHeldBytes = 1024 * 1024;
/** Limit for all compressed files together. */
const maxTotalBytes = 16 * 1024 * 1024;

interface Held {
  readonly version: string;
  readonly bytes: Promise<Uint8Array<ArrayBuffer>>;
  /** 0 until it is known. */
  size: number;
}

/** A cache of compressed files of sites. The least recently used ones make room for others. */
export class EncodedFiles {
  /** By coding and path, the most recently used at the end. */
  readonly #held = new Map<string, Held>();
  #total = 0;

  /** The compressed content of a file; a new `version` means that the file has changed. */
  get(path: string, version: string, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
    const key = `${encoding} ${path}`;
    const before = this.#held.get(key);
    if (before !== undefined) this.#drop(key, before);
    const held = before?.version === version ? before : this.#read(key, path, version, encoding);
    this.#held.set(key, held);
    this.#total += held.size;
    return held.bytes;
  }

  #read(key: string, path: string, version: string, encoding: Encoding): Held {
    const bytes = Bun.file(path)
      .bytes()
      .then((content) => encode(content as Uint8Array<ArrayBuffer>, encoding));
    const held: Held = { version, bytes, size: 0 };
    bytes.then(
      ({ length }) => this.#weigh(key, held, length),
      () => this.#held.get(key) === held && this.#drop(key, held),
    );
    return held;
  }

  #weigh(key: string, held: Held, size: number): void {
    if (this.#held.get(key) !== held) return;
    held.size = size;
    this.#total += size;
    for (const [oldest, each] of this.#held) {
      if (this.#total <= maxTotalBytes) return;
      this.#drop(oldest, each);
    }
  }

  #drop(key: string, held: Held): void {
    this.#held.delete(key);
    this.#total -= held.size;
  }
}
