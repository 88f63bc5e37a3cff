import type { ConsolaReporter, LogObject } from "consola/core";
import { box } from "consola/utils";
import { printable, timestamp } from "./printable.ts";

export interface ReporterOptions {
  /** Called with whole lines, including the newline. */
  readonly write: (text: string) => void;
  /** Format for a terminal: colours, boxes, and the local time instead of an ISO date. */
  readonly terminal: boolean;
}

/** Creates the reporter that formats consola's records. */
export function createReporter({ write, terminal }: ReporterOptions): ConsolaReporter {
  return {
    log(record) {
      if (record.type === "box" && terminal) write(formatBox(record.args));
      else for (const each of toRecords(record)) write(formatRecord(each, terminal));
    },
  };
}

/**
 * The arguments of a log call, for consola. It drops repeated records and compares their arguments as JSON. All errors look
 * the same in JSON, so different errors with the same message would be dropped. Their stacks are passed instead.
 */
export function toWords(message: string, cause: unknown): unknown[] {
  if (cause === undefined) return [message];
  return [message, cause instanceof Error ? new Stack(stackLines(cause)) : cause];
}

class Stack {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    this.lines = lines;
  }
}

/** Turns a box into one record per line, for outputs without boxes. */
function toRecords(record: LogObject): LogObject[] {
  return record.type === "box" ? record.args.map((line) => ({ ...record, type: "info", args: [line] })) : [record];
}

/**
 * `2026-01-31T12:00:00.000Z warn  message`, followed by the stack of each error, indented by four spaces. With a tag and
 * without a level: `2026-01-31T12:00:00.000Z web[1] message`.
 */
function formatRecord({ type, tag, args, date }: LogObject, terminal: boolean): string {
  const message = args.filter((word) => !(word instanceof Stack)).map(String);
  const stacks = args.filter((word) => word instanceof Stack).flatMap(({ lines }) => lines);
  const words = [
    timestamp(date, { terminal }),
    ...(type === "log" ? [] : [paint(type.padEnd(5), terminal ? levelColours[type] : undefined)]),
    ...(tag === "" ? [] : [paintTag(tag, { colours: terminal })]),
    printable(message.join(" ")),
  ];
  return `${words.join(" ")}\n${stacks.map((line) => `    ${printable(line.trim())}\n`).join("")}`;
}

/** Draws no box if a line is wider than the terminal. */
function formatBox(lines: readonly string[]): string {
  const shown = lines.map((line) => printable(line));
  const widest = Math.max(...shown.map((line) => line.length));
  const frame = 2 * (boxPadding + 1);
  if (widest + frame > (process.stderr.columns ?? 80)) return shown.map((line) => `${line}\n`).join("");
  const style = { padding: boxPadding, marginTop: 0, marginBottom: 0, marginLeft: 0, borderColor: "gray" } as const;
  return `${box(shown.join("\n"), { style })}\n`;
}

const boxPadding = 2;
const levelColours: Readonly<Record<string, number>> = { debug: 90, info: 36, warn: 33, error: 31 };
/** Excludes red, which means an error, and colours that are invisible on a dark or a light background. */
const nameColours = [32, 33, 34, 35, 36, 92, 93, 94, 95, 96];

/** Colours `text` (default: the tag) with a colour that depends only on the tag's name. */
export function paintTag(tag: string, { colours, text = tag }: { colours: boolean; text?: string }): string {
  const name = tag.replace(/\[\d+\]$/, "");
  return paint(printable(text), colours ? nameColours[Bun.hash.crc32(name) % nameColours.length] : undefined);
}

function paint(text: string, colour: number | undefined): string {
  return colour === undefined ? text : `\u001B[${colour}m${text}\u001B[39m`;
}

function stackLines(error: Error): string[] {
  const own = (error.stack ?? String(error)).split("\n");
  return error.cause instanceof Error ? [...own, "caused by:", ...stackLines(error.cause)] : own;
}
