/**
 * What was encoded of a thing, for all who ask for the same: it is encoded once, however many do. It is forgotten with
 * the thing.
 */
export class EncodedOnce<Of extends object, Encoded> {
  readonly #encoded = new WeakMap<Of, Map<unknown, Encoded>>();
  readonly #kept: number;

  /** Of one thing `kept` encodings are kept, the newest; default 1. */
  constructor(kept = 1) {
    this.#kept = kept;
  }

  /** `as` tells the encodings of one thing apart; default: it has one. */
  get(of: Of, encode: () => Encoded, as?: unknown): Encoded {
    let encodings = this.#encoded.get(of);
    if (encodings === undefined) this.#encoded.set(of, (encodings = new Map()));
    const known = encodings.get(as);
    if (known !== undefined) return known;
    const encoded = encode();
    encodings.set(as, encoded);
    if (encodings.size > this.#kept) for (const oldest of encodings.keys()) return (encodings.delete(oldest), encoded);
    return encoded;
  }

  forget(of: Of): void {
    this.#encoded.delete(of);
  }
}
