/** The head and the tail of a text, with a line that says how many bytes are missing between them. */
export class BoundedText {
  readonly #maxHeadBytes: number;
  readonly #maxTailBytes: number;
  #head: Buffer = Buffer.alloc(0);
  #tail: Buffer = Buffer.alloc(0);
  /** Bytes added so far. */
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxHeadBytes = Math.floor(maxBytes / 2);
    this.#maxTailBytes = maxBytes - this.#maxHeadBytes;
  }

  add(text: string): void {
    const bytes = Buffer.from(text);
    this.#bytes += bytes.length;
    const headBytes = Math.max(0, this.#maxHeadBytes - this.#head.length);
    // Once something was left out of the head, the rest belongs to the tail.
    const forHead = this.#tail.length === 0 ? bytes.subarray(0, headBytes) : bytes.subarray(0, 0);
    this.#head = Buffer.concat([this.#head, forHead]);
    const rest = bytes.subarray(forHead.length);
    const kept = rest.subarray(Math.max(0, rest.length - this.#maxTailBytes));
    const before = this.#tail.subarray(Math.max(0, this.#tail.length - (this.#maxTailBytes - kept.length)));
    this.#tail = Buffer.concat([before, kept]);
  }

  toString(): string {
    const isWhole = this.#head.length + this.#tail.length === this.#bytes;
    if (isWhole) return Buffer.concat([this.#head, this.#tail]).toString("utf8");
    const head = this.#head.subarray(0, lastWhole(this.#head));
    const tail = this.#tail.subarray(firstWhole(this.#tail));
    const omitted = this.#bytes - head.length - tail.length;
    return `${head.toString("utf8")}\n[omitted ${omitted} bytes]\n${tail.toString("utf8")}`;
  }
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** Where the first character of a cut text begins. */
function firstWhole(bytes: Buffer): number {
  let at = 0;
  while (at < 3 && isContinuation(bytes[at])) at += 1;
  return at;
}

/** Where the last whole character of a cut text ends. */
function lastWhole(bytes: Buffer): number {
  let at = bytes.length - 1;
  while (at > 0 && bytes.length - at < 4 && isContinuation(bytes[at])) at -= 1;
  const first = bytes[at] ?? 0;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return at + length <= bytes.length ? bytes.length : Math.max(0, at);
}
