import type { GafferdEvent } from "../events/event.ts";
import { createLogger } from "../log.ts";
import type { Outlet } from "../log/outlet.ts";
import { printable } from "../log/printable.ts";
import { paintTag } from "../log/reporter.ts";
import type { Gap } from "../output/cursor.ts";
import { toLines } from "./lines.ts";

/** The output that printed lines come from. */
export interface PrintedOutput {
  /** Name of the template. */
  readonly name: string;
  /** gafferd's id of the process (`pid` in JSON). */
  readonly id: number;
  readonly label: string;
}

export interface ConsoleOptions {
  readonly outlet: Pick<Outlet, "write" | "flushed" | "hasReader">;
  /** Colour the names, and keep the colours that processes print. */
  readonly colours: boolean;
}

/** Prints events (`-v`) and outputs (`-vv`). */
export interface Console {
  printEvent(event: GafferdEvent): void;
  /**
   * Prints one output until it ends, line by line. Outputs take turns. It reads the next chunk only after the printed text
   * has been written, so a slow terminal does not fill the memory: `chunks` has a gap for bytes that the ring overwrote
   * meanwhile. Stops when the outlet has no reader any more.
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

/** `dummy[1] stdout | hello 1`. Does not go through consola: a process may print a gigabyte. */
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
      return event.retryAtMs === undefined
        ? ", given up"
        : `, next attempt at ${new Date(event.retryAtMs).toISOString()}`;
    case "lease_end":
      return `, owner ${event.owner}`;
    default:
      return "";
  }
}
