/** Caches encodings of objects, so that an object is encoded once for all clients. Entries are garbage-collected with it. */
export class EncodingCache<Source extends object, Encoded> {
  readonly #encoded = new WeakMap<Source, Map<unknown, Encoded>>();
  readonly #capacity: number;

  /** `capacity` is the number of encodings to keep per object, the newest; default 1. */
  constructor(capacity = 1) {
    this.#capacity = capacity;
  }

  /** The cached encoding, or the result of `encode`. `key` identifies one of several encodings of an object. */
  get(source: Source, encode: () => Encoded, key?: unknown): Encoded {
    let encodings = this.#encoded.get(source);
    if (encodings === undefined) this.#encoded.set(source, (encodings = new Map()));
    const known = encodings.get(key);
    if (known !== undefined) return known;
    const encoded = encode();
    encodings.set(key, encoded);
    if (encodings.size > this.#capacity)
      for (const oldest of encodings.keys()) return (encodings.delete(oldest), encoded);
    return encoded;
  }

  forget(source: Source): void {
    this.#encoded.delete(source);
  }
}
