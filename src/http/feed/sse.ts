import { isUtf8 } from "node:buffer";
import { toJsonLine } from "./json-line.ts";

const newline = 10;
const carriageReturn = 13;
const dataFieldBytes = 6;
/** Length of U+FFFD in UTF-8. */
const replacementBytes = 3;
const encoder = new TextEncoder();
/** Below this mean line length, a loop over the bytes is faster than a search and a copy per line (measured). */
const shortLineBytes = 48;
const sampleBytes = 1024;

let scratch = Buffer.allocUnsafeSlow(256 * 1024);

export interface TextEventOptions {
  /** Lines before the data, such as `event: stdout\n`. */
  readonly before: string;
  /** Lines after the data, for an event that contains `taken` bytes of the output. */
  readonly after: (taken: number) => string;
  /** Maximum length of the data, including the `data: ` of each line; at least 16. */
  readonly maxBytes: number;
}

/**
 * Encodes process output as one event: `event: stdout\ndata: first line\ndata: second line\nid: …\n\n`. Every line gets
 * its own `data:`, whether it ends with a newline, a carriage return or both, so output cannot forge a field or an event.
 * Bytes that are not UTF-8 become U+FFFD. The event contains as much output as fits, and whole lines if at least one fits.
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

interface Written {
  /** Offset in `scratch`. */
  readonly end: number;
  /** Number of bytes of the text that were written. */
  readonly taken: number;
}

function writeLines(text: Buffer, start: number, limit: number): Written {
  let end = start;
  let from = 0;
  while (from < text.length) {
    const at = text.indexOf(newline, from);
    const to = at < 0 ? text.length : at + 1;
    // A last line without a newline gets one.
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

/** Writes as much of one line as fits. */
function writeBeginning(text: Buffer, start: number, limit: number): Written {
  const end = writeDataField(scratch, start);
  const taken = wholeCharacters(text, limit - end - 1);
  return { end: endLine(end + text.copy(scratch, end, 0, taken)), taken };
}

function writeShortLines(text: Buffer, start: number, limit: number): Written {
  // A local variable and nested loops, so that the compiler keeps the values in registers.
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

/** Writes `data: ` byte by byte, which is faster than `set` for so few bytes. */
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

/** Grows `scratch` and keeps its content. */
function reserve(length: number): void {
  if (scratch.length >= length) return;
  const old = scratch;
  scratch = Buffer.allocUnsafeSlow(length * 2);
  old.copy(scratch);
}
