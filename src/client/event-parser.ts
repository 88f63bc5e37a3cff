/** One server-sent event. */
export interface StreamEvent {
  /** `message` when the server named none. */
  readonly event: string;
  readonly data: string;
  /** The last id that the stream has sent; empty before the first. */
  readonly id: string;
}

/** An event longer than this (in UTF-16 units) is refused: gafferd's are at most 60 KiB, but for samples of statistics. */
const maxEventLength = 16 * 1024 * 1024;

/**
 * Reads `text/event-stream` (HTML standard, section 9.2.6) piece by piece, wherever the pieces are cut: in a character,
 * in CRLF, in the byte order mark. One parser reads one connection.
 */
export class EventParser {
  /** Removes one byte order mark at the start, and puts U+FFFD for what is not UTF-8. */
  readonly #decoder = new TextDecoder();
  #line = "";
  #isAfterReturn = false;
  #event = "";
  #lines: string[] = [];
  #length = 0;
  #newestId: string;
  #lastId: string;
  #retryMs: number | undefined;

  /** `lastId` is what the connection before this one ended with. */
  constructor(lastId = "") {
    this.#newestId = lastId;
    this.#lastId = lastId;
  }

  /** The id to go on from: that of the last block which was whole, though it may have held no data. */
  get lastId(): string {
    return this.#lastId;
  }

  /** How long the server wants clients to wait before they come again; undefined when it did not say. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** The events that `bytes` complete. Throws a RangeError for one that is too long. */
  push(bytes: Uint8Array): StreamEvent[] {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return [];
    const events: StreamEvent[] = [];
    const lineEnd = /\r\n|\n|\r/g;
    // A CR ends its line at once; the LF of a CRLF that was cut in two is no line of its own.
    let from = this.#isAfterReturn && text.startsWith("\n") ? 1 : 0;
    lineEnd.lastIndex = from;
    for (let end = lineEnd.exec(text); end !== null; end = lineEnd.exec(text)) {
      const event = this.#takeLine(this.#line + text.slice(from, end.index));
      if (event !== undefined) events.push(event);
      this.#line = "";
      from = lineEnd.lastIndex;
    }
    this.#line += text.slice(from);
    this.#isAfterReturn = text.endsWith("\r");
    if (this.#length + this.#line.length > maxEventLength) throw tooLong();
    return events;
  }

  #takeLine(line: string): StreamEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "data") this.#takeData(value);
    else if (field === "event") this.#event = value;
    else if (field === "id" && !value.includes("\0")) this.#newestId = value;
    else if (field === "retry" && /^[0-9]+$/.test(value)) this.#retryMs = Number(value);
    return undefined;
  }

  #takeData(value: string): void {
    this.#lines.push(value);
    this.#length += value.length + 1;
    if (this.#length > maxEventLength) throw tooLong();
  }

  /** An empty line ends a block, which is an event if it holds data. */
  #dispatch(): StreamEvent | undefined {
    const event = this.#event === "" ? "message" : this.#event;
    const lines = this.#lines;
    this.#lastId = this.#newestId;
    this.#event = "";
    this.#lines = [];
    this.#length = 0;
    return lines.length === 0 ? undefined : { event, data: lines.join("\n"), id: this.#lastId };
  }
}

function tooLong(): RangeError {
  return new RangeError(`cannot read a server-sent event of more than ${maxEventLength} characters`);
}
