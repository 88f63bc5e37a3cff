import type { GafferdEvent } from "../events/event.ts";
import { type Outlet, printable, timestamp } from "../log.ts";
import type { Gap } from "../output/cursor.ts";
import { toLines } from "./lines.ts";

/** Which output of which process. */
export interface PrintedOutput {
  /** The template's. */
  readonly name: string;
  /** Ours (`pid` in JSON). */
  readonly id: number;
  readonly label: string;
}

export interface ConsoleOptions {
  /** Paint names, and let the colours of processes through. */
  readonly colours: boolean;
}

/** What `-v` and `-vv` print. */
export interface Console {
  printEvent(event: GafferdEvent): void;
  /**
   * Prints an output to its end, line by line, outputs in turn. Takes the next chunk when what it printed has left, so
   * a slow terminal keeps nothing in memory: what the ring could not hold meanwhile is to come as a gap. Stops when
   * nobody reads any more.
   */
  printOutput(source: PrintedOutput, chunks: AsyncIterable<Uint8Array | Gap>): Promise<void>;
}

export function createConsole({
  outlet,
  colours,
}: ConsoleOptions & { outlet: Pick<Outlet, "write" | "flushed" | "hasReader"> }): Console {
  let turn = Promise.resolve();
  return {
    printEvent: (event) => outlet.write(`${formatEvent(event, { colours })}\n`),
    async printOutput(source, chunks) {
      for await (const lines of toLines(chunks)) {
        const text = lines.map((line) => `${formatOutputLine({ ...source, line }, { colours })}\n`).join("");
        turn = turn.then(() => {
          outlet.write(text);
          return outlet.flushed();
        });
        await turn;
        if (!outlet.hasReader) return;
      }
    },
  };
}

/** `2026-01-31T12:00:00.000Z dummy[1] exit, status 3` */
export function formatEvent(event: GafferdEvent, { colours }: ConsoleOptions): string {
  const who = "id" in event ? `${event.name}[${event.id}]` : event.name;
  const time = timestamp(new Date(event.timeMs), { terminal: colours });
  return `${time} ${paintName(event.name, who, colours)} ${event.type}${detailOf(event)}`;
}

/** `dummy[1] stdout | hello 1` */
export function formatOutputLine(
  { name, id, label, line }: PrintedOutput & { readonly line: string },
  { colours }: ConsoleOptions,
): string {
  const who = paintName(name, `${name}[${id}] ${label}`, colours);
  return `${who} | ${printable(line, { colours })}`;
}

function detailOf(event: GafferdEvent): string {
  switch (event.type) {
    case "spawn":
      return `, os_pid ${event.osPid}${event.detached ? ", detached" : ""}`;
    case "exit":
      return "signal" in event.status ? `, ${event.status.signal}` : `, status ${event.status.exitCode}`;
    case "flap":
      return event.retryAtMs === undefined ? ", given up" : `, next try at ${new Date(event.retryAtMs).toISOString()}`;
    default:
      return "";
  }
}

/** Neither red, which says error, nor what a dark or a light background swallows. */
const nameColours = [32, 33, 34, 35, 36, 92, 93, 94, 95, 96];

/** `text` in the colour of `name`: the same in every run, so that eyes learn it. */
function paintName(name: string, text: string, colours: boolean): string {
  const shown = printable(text);
  if (!colours) return shown;
  const colour = nameColours[Bun.hash.crc32(name) % nameColours.length];
  return `\u001B[${colour}m${shown}\u001B[39m`;
}
