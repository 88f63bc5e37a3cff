import fc from "fast-check";
import { EventParser, type StreamEvent } from "../../src/client/event-parser.ts";
import type { Answer } from "./answer.ts";
import { startFuzzedDaemon } from "./fuzzed-daemon.ts";
import type { FuzzTarget } from "./target.ts";
import { damaged, oddNumber, oddText } from "./text.ts";

const idCharacters = fc
  .array(fc.constantFrom(..."_-.~0123456789azrZ"), { maxLength: 3 })
  .map((all) => new Uint8Array(Buffer.from(all.join(""))));
/** HTTP allows no other characters in a header. */
const isHeaderValue = (text: string) => /^[\x21-\x7e]*$/.test(text);

const path = fc.constantFrom(
  "/streams/g:done",
  "/streams/g:done/stdout",
  "/streams/live",
  "/watch",
  "/watch/proc/live",
);
const feed = fc.constantFrom("eventsource", "longpoll", "continuous");
const format = fc.constantFrom("text", "json", "base64");

/**
 * Any id gets the output that follows it, a `gap`, or an error document. The output of a process that has ended is always
 * the end of what it wrote.
 */
export const ids: FuzzTarget = {
  name: "ids",
  inputs: 400,
  async start() {
    const daemon = await startFuzzedDaemon();
    const ask = (target: string, headers: Record<string, string> = {}) =>
      daemon.ask({ method: "GET", path: target, headers });
    const whole = await ask("/streams/g:done?feed=eventsource&follow=false");
    const output = textOf(parse(whole));
    const sent = await collectIds(ask);
    const known = fc.constantFrom(...sent);
    const id = fc.oneof(
      { weight: 1, arbitrary: known },
      {
        weight: 4,
        arbitrary: damaged(
          known.map((text) => Buffer.from(text)),
          idCharacters,
        ).map(String),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(known, oddNumber, fc.constantFrom("_", "-", ".", "~"))
          .map(([text, number, sign]) => text + sign + number),
      },
      { weight: 1, arbitrary: oddText },
    );
    const property = fc.asyncProperty(
      path,
      feed,
      format,
      id,
      fc.boolean(),
      async (target, kind, form, since, inHeader) => {
        // A long poll for events has no answer until the next event.
        const query = new URLSearchParams({
          feed: target.startsWith("/watch") ? "eventsource" : kind,
          format: form,
          follow: "false",
        });
        const useHeader = inHeader && isHeaderValue(since);
        if (!useHeader) query.set("since", since);
        const headers: Record<string, string> = useHeader ? { "last-event-id": since } : {};
        if (target.startsWith("/watch")) return await daemon.openAndClose(`${target}?${query}`, headers);
        const answer = await ask(`${target}?${query}`, headers);
        if (answer.status !== 200 || kind !== "eventsource" || form !== "text" || !target.startsWith("/streams/g:done"))
          return;
        const text = textOf(parse(answer));
        if (!output.endsWith(text))
          throw new Error(`output that was never written: ${JSON.stringify(text.slice(0, 500))}`);
      },
    );
    return { property, settle: () => daemon.settle(), [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose]() };
  },
};

/** Ids of output, before, in and after the output of `g:done`, and of events. */
async function collectIds(ask: (target: string) => Promise<Answer>): Promise<string[]> {
  const targets = [
    "/streams/g:done",
    "/streams/g:done/stdout",
    "/streams/g:done?tail=1",
    "/streams/g:done?tail=150",
    "/streams/live",
  ];
  const answers = await Promise.all(
    targets.map((target) => ask(`${target}${target.includes("?") ? "&" : "?"}feed=eventsource&follow=false`)),
  );
  const found = answers.flatMap((answer) =>
    [
      ...Buffer.from(answer.body)
        .toString()
        .matchAll(/^id: (.+)$/gm),
    ].map(([, id = ""]) => id),
  );
  return [...new Set(found)].filter((id) => id !== "");
}

function parse({ body }: Answer): StreamEvent[] {
  return new EventParser().push(body);
}

/** The output, each line with its end. */
function textOf(events: readonly StreamEvent[]): string {
  return events
    .filter(({ event }) => event === "stdout")
    .map(({ data }) => `${data}\n`)
    .join("");
}
