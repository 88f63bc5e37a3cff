import type { ConsolaReporter, LogObject } from "consola/core";
import { box } from "consola/utils";
import { printable, timestamp } from "./printable.ts";

export interface ReporterOptions {
  /** Takes whole lines, newline included. */
  readonly write: (text: string) => void;
  /** For a person at a terminal: colours, boxes, and the local time of day instead of an ISO date. */
  readonly terminal: boolean;
}

/** Writes what consola is told to log. */
export function createReporter({ write, terminal }: ReporterOptions): ConsolaReporter {
  return {
    log(record) {
      if (record.type === "box" && terminal) write(formatBox(record.args));
      else for (const each of toRecords(record)) write(formatRecord(each, terminal));
    },
  };
}

/**
 * What is logged, for consola. It compares words as JSON, in which all errors are the same, so that an error that came
 * after five others with the same message would be lost: its stack takes its place.
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

/** A box is a line for each of its lines where boxes cannot be drawn. */
function toRecords(record: LogObject): LogObject[] {
  return record.type === "box" ? record.args.map((line) => ({ ...record, type: "info", args: [line] })) : [record];
}

/**
 * `2026-01-31T12:00:00.000Z warn  message`, then the stack of each error indented by four. With a tag and without a
 * level: `2026-01-31T12:00:00.000Z web[1] message`.
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

/** Lines that are wider than the terminal would break it. */
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
/** Neither red, which means an error, nor a colour that is invisible on a dark or a light background. */
const nameColours = [32, 33, 34, 35, 36, 92, 93, 94, 95, 96];

/** `text`, by default the tag itself, in the colour of the tag's name, which is the same in every run. */
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
