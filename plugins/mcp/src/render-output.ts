import { BoundedText } from "./bounded-text.ts";
import type { OutputPiece } from "./held-output.ts";

/** Writes output as text for a reader, with head and tail. Lines say where they come from if several outputs are mixed. */
export class OutputText {
  readonly #text: BoundedText;
  #source: string | undefined;
  #endsLine = true;
  /** Bytes of output so far. */
  bytes = 0;

  constructor(maxBytes: number) {
    this.#text = new BoundedText(maxBytes);
  }

  add({ pid, stream = "", data, gap }: OutputPiece): void {
    if (gap !== undefined) return this.#addLine(`[lost ${gap.bytes ?? "some"} bytes: no longer in the buffer]`);
    if (data === undefined) return;
    this.bytes += Buffer.byteLength(data);
    const source = `${stream} of ${pid}`;
    if (source !== this.#source) this.#addLine(`[${source}]`);
    this.#source = source;
    this.#text.add(data);
    this.#endsLine = data.endsWith("\n");
  }

  toString(): string {
    return this.#text.toString();
  }

  #addLine(line: string): void {
    this.#text.add(`${this.#endsLine ? "" : "\n"}${line}\n`);
    this.#endsLine = true;
  }
}
