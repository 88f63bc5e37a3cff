/** One server-sent event. */
export interface StreamEvent {
  /** `message` if the server sent no name. */
  readonly event: string;
  readonly data: string;
  /** The last id that the stream has sent; empty if there was none. */
  readonly id: string;
}

/** Longest accepted event, in UTF-16 units. gafferd sends at most 60 KiB of output in one, but statistics can be longer. */
const maxEventLength = 16 * 1024 * 1024;

/**
 * Parses `text/event-stream` (HTML standard, section 9.2.6) incrementally. Chunks may end anywhere: in a character, in CRLF,
 * in the byte order mark. Use one parser per connection.
 */
export class EventParser {
  /** Removes one byte order mark at the start. Invalid UTF-8 becomes U+FFFD. */
  readonly #decoder = new TextDecoder();
  #line = "";
  #isAfterReturn = false;
  #event = "";
  #lines: string[] = [];
  #length = 0;
  #newestId: string;
  #lastId: string;
  #retryMs: number | undefined;

  /** `lastId` is the last id of the previous connection. */
  constructor(lastId = "") {
    this.#newestId = lastId;
    this.#lastId = lastId;
  }

  /** The id to continue from: that of the last complete block, even if the block had no data. */
  get lastId(): string {
    return this.#lastId;
  }

  /** The reconnection delay that the server sent. Undefined if it sent none. */
  get retryMs(): number | undefined {
    return this.#retryMs;
  }

  /** Returns the events that `bytes` complete. Throws a RangeError if an event is too long. */
  push(bytes: Uint8Array): StreamEvent[] {
    const text = this.#decoder.decode(bytes, { stream: true });
    if (text === "") return [];
    const events: StreamEvent[] = [];
    const lineEnd = /\r\n|\n|\r/g;
    // A CR ends its line at once. If a CRLF is split between chunks, skip the LF.
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

  /** Ends a block at an empty line. The block is an event if it has data. */
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
  return new RangeError(`cannot read a server-sent event that is longer than ${maxEventLength} characters`);
}
