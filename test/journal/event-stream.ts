export interface ReceivedEvent {
  readonly event: string | undefined;
  readonly data: string;
  readonly id: string | undefined;
}

/** The events of a stream of server-sent events. */
export async function* parseEventStream(body: ReadableStream<Uint8Array>): AsyncGenerator<ReceivedEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const values = (field: string) =>
        lines.filter((line) => line.startsWith(`${field}: `)).map((line) => line.slice(field.length + 2));
      yield { event: values("event")[0], data: values("data").join("\n"), id: values("id")[0] };
    }
  }
}
