import { isUtf8 } from "node:buffer";

const newline = 10;
const carriageReturn = 13;
const dataFieldBytes = 6;
const encoder = new TextEncoder();
/** Below this mean length of a line, a loop over the bytes beats a search and a copy for each line (measured). */
const shortLineBytes = 48;
const sampleBytes = 1024;

let scratch = Buffer.allocUnsafeSlow(256 * 1024);

/**
 * One event whose data is process output: `event: stdout\ndata: first line\ndata: second line\nid: …\n\n`. Every line
 * gets its `data:`, whether a newline, a carriage return or both end it, so that no output can forge a field or an
 * event; bytes that are not UTF-8 become U+FFFD. `before` and `after` are whole lines of ours.
 */
export function encodeTextEvent(output: Uint8Array, before: string, after: string): Uint8Array {
  let text = output instanceof Buffer ? output : Buffer.from(output.buffer, output.byteOffset, output.length);
  if (!isUtf8(text)) text = Buffer.from(text.toString("utf8"));
  if (text.includes(carriageReturn)) text = Buffer.from(text.toString("latin1").replaceAll(/\r\n?/g, "\n"), "latin1");
  reserve(before.length + after.length + text.length * (dataFieldBytes + 1) + dataFieldBytes + 1);
  let end = scratch.write(before, 0, "latin1");
  end = isShortLined(text) ? writeShortLines(text, end) : writeLines(text, end);
  end += scratch.write(after, end, "latin1");
  return Uint8Array.prototype.slice.call(scratch, 0, end);
}

/** One event whose data is JSON: `event: gap\ndata: {"bytes":12}\nid: …\n\n`. JSON has no line breaks of its own. */
export function encodeJsonEvent(event: string, value: unknown, id: string): Uint8Array {
  return encoder.encode(`event: ${event}\ndata: ${JSON.stringify(value)}\nid: ${id}\n\n`);
}

/** A line that clients skip: it keeps what stands between from closing a silent connection. */
export const commentLine = encoder.encode(":\n\n");

/** `id: …\n\n`: no event, but clients remember the id, and come back with it before they saw any. */
export function encodeGreeting(id: string | undefined): Uint8Array {
  return id === undefined ? commentLine : encoder.encode(`id: ${id}\n\n`);
}

function writeLines(text: Buffer, start: number): number {
  let end = start;
  let from = 0;
  while (from < text.length) {
    const at = text.indexOf(newline, from);
    const to = at < 0 ? text.length : at + 1;
    end = writeDataField(scratch, end);
    end += text.copy(scratch, end, from, to);
    from = to;
  }
  return endLine(end);
}

function writeShortLines(text: Buffer, start: number): number {
  // A local, and a loop in a loop: the compiler keeps them in registers.
  const target = scratch;
  let end = start;
  let index = 0;
  while (index < text.length) {
    end = writeDataField(target, end);
    let byte: number;
    do {
      byte = text[index++] ?? 0;
      target[end++] = byte;
    } while (byte !== newline && index < text.length);
  }
  return endLine(end);
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

function reserve(length: number): void {
  if (scratch.length < length) scratch = Buffer.allocUnsafeSlow(length * 2);
}
