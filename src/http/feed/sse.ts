import { isUtf8 } from "node:buffer";
import { toJsonLine } from "./json-line.ts";

const newline = 10;
const carriageReturn = 13;
const dataFieldBytes = 6;
/** Of U+FFFD. */
const replacementBytes = 3;
const encoder = new TextEncoder();
/** Below this mean length of a line, a loop over the bytes beats a search and a copy for each line (measured). */
const shortLineBytes = 48;
const sampleBytes = 1024;

let scratch = Buffer.allocUnsafeSlow(256 * 1024);

export interface TextEventOptions {
  /** Lines of ours before the data. */
  readonly before: string;
  /** Lines of ours after the data, of an event that holds so many bytes of the output. */
  readonly after: (taken: number) => string;
  /** So long the data is at most, with what is put before its lines; 16 at least. */
  readonly maxBytes: number;
}

/**
 * One event whose data is process output: `event: stdout\ndata: first line\ndata: second line\nid: …\n\n`. Every line
 * gets its `data:`, whether a newline, a carriage return or both end it, so that no output can forge a field or an
 * event; bytes that are not UTF-8 become U+FFFD. It holds as much of the output as may be, whole lines if there are any.
 */
export function encodeTextEvent(output: Uint8Array, { before, after, maxBytes }: TextEventOptions): Uint8Array {
  const whole = output instanceof Buffer ? output : Buffer.from(output.buffer, output.byteOffset, output.length);
  const isPlain = isUtf8(whole) && !whole.includes(carriageReturn);
  const part = isPlain ? whole : whole.subarray(0, fittingLength(whole, maxBytes));
  const text = isPlain ? whole : normalize(part);
  reserve(before.length + text.length * (dataFieldBytes + 1) + dataFieldBytes + 1);
  const start = scratch.write(before, 0, "latin1");
  const limit = Math.min(start + maxBytes, scratch.length);
  const written = isShortLined(text) ? writeShortLines(text, start, limit) : writeLines(text, start, limit);
  const ending = after(isPlain ? written.taken : part.length);
  reserve(written.end + ending.length);
  const end = written.end + scratch.write(ending, written.end, "latin1");
  return Uint8Array.prototype.slice.call(scratch, 0, end);
}

/** One event whose data is JSON: `event: gap\ndata: {"bytes":12}\nid: …\n\n`. JSON has no line breaks of its own. */
export function encodeJsonEvent(event: string, value: unknown, id: string): Uint8Array {
  return encoder.encode(`event: ${event}\ndata: ${toJsonLine(value)}\nid: ${id}\n\n`);
}

/** A line that clients skip: it keeps what stands between from closing a silent connection. */
export const commentLine = encoder.encode(":\n\n");

/** `id: …\n\n`: no event, but clients remember the id, and come back with it before they saw any. */
export function encodeGreeting(id: string | undefined): Uint8Array {
  return id === undefined ? commentLine : encoder.encode(`id: ${id}\n\n`);
}

/** Bytes that are not UTF-8 are U+FFFD, and each line ends with a newline. */
function normalize(output: Buffer): Buffer {
  const text = isUtf8(output) ? output : Buffer.from(output.toString("utf8"));
  if (!text.includes(carriageReturn)) return text;
  return Buffer.from(text.toString("latin1").replaceAll(/\r\n?/g, "\n"), "latin1");
}

/** How much of an output surely fits into `maxBytes` when it is normalized: whole lines if there are any. */
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

/** The greatest length up to `length` that cuts no UTF-8 character; `length` where that would be nothing. */
function wholeCharacters(text: Buffer, length: number): number {
  let end = length;
  while (end > 0 && ((text[end] ?? 0) & 0xc0) === 0x80 && length - end < 4) end -= 1;
  return end > 0 && length - end < 4 ? end : length;
}

interface Written {
  /** Of `scratch`. */
  readonly end: number;
  /** How many bytes of the text. */
  readonly taken: number;
}

function writeLines(text: Buffer, start: number, limit: number): Written {
  let end = start;
  let from = 0;
  while (from < text.length) {
    const at = text.indexOf(newline, from);
    const to = at < 0 ? text.length : at + 1;
    // A newline is put after the last line, if it has none.
    const room = limit - end - dataFieldBytes - (at < 0 ? 1 : 0);
    if (to - from > room) {
      if (from === 0) return writeBeginning(text, start, limit);
      break;
    }
    end = writeDataField(scratch, end);
    end += text.copy(scratch, end, from, to);
    from = to;
  }
  return { end: endLine(end), taken: from };
}

/** As much of one line as may be. */
function writeBeginning(text: Buffer, start: number, limit: number): Written {
  const end = writeDataField(scratch, start);
  const taken = wholeCharacters(text, limit - end - 1);
  return { end: endLine(end + text.copy(scratch, end, 0, taken)), taken };
}

function writeShortLines(text: Buffer, start: number, limit: number): Written {
  // A local, and a loop in a loop: the compiler keeps them in registers.
  const target = scratch;
  let end = start;
  let index = 0;
  while (index < text.length) {
    const lineStart = index;
    const lineEnd = end;
    end = writeDataField(target, end);
    let byte: number;
    do {
      byte = text[index++] ?? 0;
      target[end++] = byte;
    } while (byte !== newline && index < text.length);
    if (end + (byte === newline ? 0 : 1) <= limit) continue;
    return lineStart === 0 ? writeBeginning(text, start, limit) : { end: lineEnd, taken: lineStart };
  }
  return { end: endLine(end), taken: index };
}

/** `data: `, byte by byte: for so few a call of `set` costs more. */
function writeDataField(target: Buffer, at: number): number {
  target[at] = 0x64;
  target[at + 1] = 0x61;
  target[at + 2] = 0x74;
  target[at + 3] = 0x61;
  target[at + 4] = 0x3a;
  target[at + 5] = 0x20;
  return at + dataFieldBytes;
}

function endLine(end: number): number {
  if (scratch[end - 1] === newline) return end;
  scratch[end] = newline;
  return end + 1;
}

function isShortLined(text: Buffer): boolean {
  const sample = Math.min(text.length, sampleBytes);
  let lines = 1;
  for (let index = 0; index < sample; index++) if (text[index] === newline) lines++;
  return sample < lines * shortLineBytes;
}

/** What is written stays. */
function reserve(length: number): void {
  if (scratch.length >= length) return;
  const old = scratch;
  scratch = Buffer.allocUnsafeSlow(length * 2);
  old.copy(scratch);
}
