import type { Pieces, PieceSource } from "./connection.ts";

const crlf = Buffer.from("\r\n");
/** The chunk that ends a body. */
export const lastChunk = Buffer.from("0\r\n\r\n");

/** One chunk of a response with `Transfer-Encoding: chunked`. */
export function toChunk(pieces: Pieces): Pieces {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  return [Buffer.from(`${length.toString(16)}\r\n`, "latin1"), ...pieces, crlf];
}

/** The body of a response that has only a stream. */
export function pieceSourceOf({ body }: Response): PieceSource {
  const reader = (body as ReadableStream<unknown> | null)?.getReader();
  let abort: ((reason: Error) => void) | undefined;
  return {
    async take() {
      for (;;) {
        // If the stream fails, the response is cut off.
        const piece = await reader?.read().catch((error: Error) => void abort?.(error));
        if (piece === undefined || piece.done) return undefined;
        const bytes = toBytes(piece.value);
        if (bytes.length > 0) return [bytes];
      }
    },
    onAbort: (listener) => void (abort = listener),
    close: () => void reader?.cancel().catch(() => {}),
  };
}

/** The stream of a plugin may contain strings, which Bun accepts in a response too. */
function toBytes(piece: unknown): Uint8Array {
  return piece instanceof Uint8Array ? piece : Buffer.from(piece as string);
}
