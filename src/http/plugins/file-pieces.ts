import type { OpenedFile } from "../../files/opened-file.ts";
import type { Pieces, PieceSource } from "../listen/connection.ts";
import type { ByteRange } from "./byte-range.ts";

const pieceBytes = 256 * 1024;
/** A client that takes no piece for this long is disconnected. */
const defaultStallMs = 60_000;

/** A part of a file, read as fast as the client takes it. Closes the file at the end, on an error, and when it is closed. */
export class FilePieces implements PieceSource {
  readonly length: number;
  readonly #file: OpenedFile;
  readonly #end: number;
  readonly #stallMs: number;
  #position: number;
  #state: "sending" | "sent" | "aborted" = "sending";
  #buffer: Uint8Array<ArrayBuffer> | undefined;
  #abort: ((reason: Error) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(file: OpenedFile, { first, last }: ByteRange, stallMs = defaultStallMs) {
    this.#file = file;
    this.#position = first;
    this.#end = last + 1;
    this.length = this.#end - first;
    this.#stallMs = stallMs;
    this.#armTimer();
  }

  onAbort(abort: (reason: Error) => void): void {
    this.#abort = abort;
  }

  async take(): Promise<Pieces | undefined> {
    this.#buffer ??= new Uint8Array(pieceBytes);
    const piece = await this.#next(this.#buffer);
    return piece && [piece];
  }

  close(): void {
    if (this.#state === "sending") this.#state = "aborted";
    clearTimeout(this.#timer);
    this.#file.close();
  }

  /** The same pieces as a stream, each with its own memory. */
  toStream(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => this.onAbort((reason) => controller.error(reason)),
        pull: async (controller) => {
          const piece = await this.#next(new Uint8Array(pieceBytes));
          if (piece !== undefined) controller.enqueue(piece);
          else if (this.#state === "sent") controller.close();
        },
        cancel: () => this.close(),
      },
      { highWaterMark: 0 },
    );
  }

  /** Reads the next piece into `buffer`. Undefined at the end, and when the response was aborted. */
  async #next(buffer: Uint8Array): Promise<Uint8Array | undefined> {
    clearTimeout(this.#timer);
    const piece = buffer.subarray(0, Math.min(buffer.length, this.#end - this.#position));
    if (piece.length === 0) {
      this.#state = "sent";
      this.close();
    }
    if (this.#state !== "sending") return undefined;
    try {
      const count = await this.#file.read(piece, this.#position);
      if (count < piece.length) throw new Error("the file became shorter while it was sent");
    } catch (error) {
      this.#fail(error as Error);
    }
    // The client may have left during the read.
    if (this.#isAborted()) return undefined;
    this.#position += piece.length;
    this.#armTimer();
    return piece;
  }

  #armTimer(): void {
    const reason = `the client took nothing for ${this.#stallMs / 1000} s`;
    this.#timer = setTimeout(() => this.#fail(new Error(reason)), this.#stallMs);
  }

  #isAborted(): boolean {
    return this.#state === "aborted";
  }

  #fail(reason: Error): void {
    if (this.#isAborted()) return;
    this.#abort?.(reason);
    this.close();
  }
}
