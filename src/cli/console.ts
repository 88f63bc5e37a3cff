import type { GafferdEvent } from "../events/event.ts";
import { createLogger } from "../log.ts";
import type { Outlet } from "../log/outlet.ts";
import { printable } from "../log/printable.ts";
import { paintTag } from "../log/reporter.ts";
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
  readonly outlet: Pick<Outlet, "write" | "flushed" | "hasReader">;
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

export function createConsole({ outlet, colours }: ConsoleOptions): Console {
  const printer = createLogger({ write: outlet.write, terminal: colours });
  let turn = Promise.resolve();
  return {
    printEvent: (event) => printer.event(describeEvent(event)),
    async printOutput(source, chunks) {
      for await (const lines of toLines(chunks)) {
        const text = lines.map((line) => `${formatOutputLine(source, line, colours)}\n`).join("");
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

/** `dummy[1]` and `exit, status 3` */
function describeEvent(event: GafferdEvent): { tag: string; message: string; date: Date } {
  const tag = "id" in event ? `${event.name}[${event.id}]` : event.name;
  return { tag, message: `${event.type}${detailOf(event)}`, date: new Date(event.timeMs) };
}

/** `dummy[1] stdout | hello 1`. Not by consola: a process may print a gigabyte. */
function formatOutputLine({ name, id, label }: PrintedOutput, line: string, colours: boolean): string {
  const tag = `${name}[${id}]`;
  return `${paintTag(tag, { colours, text: `${tag} ${label}` })} | ${printable(line, { colours })}`;
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
