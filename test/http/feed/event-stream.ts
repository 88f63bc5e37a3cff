/** An event as a client sees it, parsed by the rules of the HTML standard, section 9.2.6, without gafferd's code. */
export interface SeenEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

/** Reads events from the body of a response as they arrive. */
export async function* readEvents(body: ReadableStream<Uint8Array> | null): AsyncGenerator<SeenEvent> {
  const decoder = new TextDecoder();
  let text = "";
  let id = "";
  for await (const chunk of body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    for (;;) {
      const end = /\r\n\r\n|\n\n|\r\r/.exec(text);
      if (end === null) break;
      const seen = parseEvent(text.slice(0, end.index), id);
      text = text.slice(end.index + end[0].length);
      id = seen.id;
      if (seen.data !== undefined) yield { event: seen.event, data: seen.data, id };
    }
  }
}

/** All events of a complete text. */
export async function eventsOf(text: Uint8Array): Promise<SeenEvent[]> {
  return await Array.fromAsync(readEvents(new Blob([Buffer.from(text)]).stream()));
}

function parseEvent(block: string, lastId: string): { event: string; data: string | undefined; id: string } {
  let event = "message";
  let id = lastId;
  const data: string[] = [];
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field = "", value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "data") data.push(value);
    if (field === "event") event = value;
    if (field === "id") id = value;
  }
  return { event, id, data: data.length > 0 ? data.join("\n") : undefined };
}
