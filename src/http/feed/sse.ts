import { isUtf8 } from "node:buffer";
import { type DataLines, toDataLines } from "./data-lines.ts";
import { toJsonLine } from "./json-line.ts";

const newline = 10;
const carriageReturn = 13;
/** `data: ` before each line. */
const dataFieldBytes = 6;
/** Length of U+FFFD in UTF-8. */
const replacementBytes = 3;
const encoder = new TextEncoder();

export interface TextEventOptions {
  /** Lines before the data, such as `event: stdout\n`. */
  readonly before: string;
  /** Lines after the data, for an event that contains `taken` bytes of the output. */
  readonly after: (taken: number) => string;
  /** Maximum length of the data, including the `data: ` of each line; at least 16. */
  readonly maxBytes: number;
  /** Returns memory for the event. Default: memory of its own. */
  readonly allocate?: ((bytes: number) => Buffer) | undefined;
}

/**
 * Encodes process output as one event: `event: stdout\ndata: first line\ndata: second line\nid: …\n\n`. Every line gets
 * its own `data:`, whether it ends with a newline, a carriage return or both, so output cannot forge a field or an event.
 * Bytes that are not UTF-8 become U+FFFD. The event contains as much output as fits, and whole lines if at least one fits.
 */
export function encodeTextEvent(output: Uint8Array, options: TextEventOptions): Buffer {
  const { before, after, maxBytes, allocate = Buffer.allocUnsafeSlow } = options;
  const whole = output instanceof Buffer ? output : Buffer.from(output.buffer, output.byteOffset, output.length);
  const isPlain = isUtf8(whole) && !whole.includes(carriageReturn);
  const part = isPlain ? whole : whole.subarray(0, fittingLength(whole, maxBytes));
  const lines = toFittingLines(isPlain ? whole : normalize(part), maxBytes);
  const ending = after(isPlain ? lines.taken : part.length);
  const event = allocate(before.length + lines.bytes.length + ending.length);
  event.write(before, 0, "latin1");
  event.set(lines.bytes, before.length);
  event.write(ending, before.length + lines.bytes.length, "latin1");
  return event;
}

/**
 * Encodes one event whose data is JSON, which has no line breaks: `event: gap\ndata: {"bytes":12}\nid: …\n\n`. Without an
 * id, the client keeps the one that it has.
 */
export function encodeJsonEvent(event: string, value: unknown, id: string | undefined): Uint8Array {
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return encoder.encode(`event: ${event}\ndata: ${toJsonLine(value)}\n${idLine}\n`);
}

/** A comment, which clients skip. Prevents proxies from closing a silent connection. */
export const commentLine = encoder.encode(":\n\n");

/** `id: …\n\n`: not an event, but clients store the id and can resume from it before their first event. */
export function encodeGreeting(id: string | undefined): Uint8Array {
  return id === undefined ? commentLine : encoder.encode(`id: ${id}\n\n`);
}

/** Replaces bytes that are not UTF-8 with U+FFFD, and all line ends with newlines. */
function normalize(output: Buffer): Buffer {
  const text = isUtf8(output) ? output : Buffer.from(output.toString("utf8"));
  if (!text.includes(carriageReturn)) return text;
  return Buffer.from(text.toString("latin1").replaceAll(/\r\n?/g, "\n"), "latin1");
}

/** How many bytes of the output are sure to fit into `maxBytes` after normalization: whole lines if at least one fits. */
function fittingLength(output: Buffer, maxBytes: number): number {
  let length = output.length;
  while (longestEncoding(output.subarray(0, length)) > maxBytes) {
    const half = Math.max(1, length >> 1);
    const part = output.subarray(0, half);
    const lineEnd = Math.max(part.lastIndexOf(newline), part.lastIndexOf(carriageReturn)) + 1;
    length = lineEnd > 0 ? lineEnd : wholeCharacters(output, half);
  }
  return length;
}

function longestEncoding(output: Buffer): number {
  let lines = 1;
  for (const byte of output) if (byte === newline || byte === carriageReturn) lines += 1;
  return output.length * (isUtf8(output) ? 1 : replacementBytes) + lines * (dataFieldBytes + 1);
}

/** The greatest length up to `length` that does not split a UTF-8 character; `length` if that would be 0. */
function wholeCharacters(text: Buffer, length: number): number {
  let end = length;
  while (end > 0 && ((text[end] ?? 0) & 0xc0) === 0x80 && length - end < 4) end -= 1;
  return end > 0 && length - end < 4 ? end : length;
}

/** As many lines as fit into `maxBytes`, or the beginning of the first line if it does not fit. */
function toFittingLines(text: Buffer, maxBytes: number): DataLines {
  const lines = toDataLines(text, maxBytes);
  if (lines.taken > 0) return lines;
  return toDataLines(text.subarray(0, wholeCharacters(text, maxBytes - dataFieldBytes - 1)), maxBytes);
}
