const newline = 10;
/** Length of `data: `. */
const fieldBytes = 6;
/** Below this mean line length, a loop over the bytes is faster than a search and a copy per line (measured). */
const shortLineBytes = 48;
const sampleBytes = 1024;

/** Reused: memory that is new for each event would have to be cleared and mapped by the kernel. */
let scratch = Buffer.allocUnsafeSlow(256 * 1024);

export interface DataLines {
  /** Valid until the next call. */
  readonly bytes: Buffer;
  /** How many bytes of the text they contain. */
  readonly taken: number;
}

/**
 * Writes each line of a text as `data: first line\n`. A last line without a newline gets one. Writes as many whole lines as
 * fit into `maxBytes`, which is possibly none. Only newlines end a line. The text must not be empty.
 */
export function toDataLines(text: Buffer, maxBytes: number): DataLines {
  // What exceeds `maxBytes` by one line is written before it is noticed.
  const needed = text.length * (fieldBytes + 1) + fieldBytes + 1;
  if (scratch.length < needed) scratch = Buffer.allocUnsafeSlow(needed * 2);
  const { end, taken } = isShortLined(text) ? writeShortLines(text, maxBytes) : writeLines(text, maxBytes);
  return { bytes: scratch.subarray(0, end), taken };
}

interface Written {
  /** Offset in `scratch`. */
  readonly end: number;
  /** Number of bytes of the text that were written. */
  readonly taken: number;
}

function writeLines(text: Buffer, limit: number): Written {
  let end = 0;
  let from = 0;
  while (from < text.length) {
    const at = text.indexOf(newline, from);
    const to = at < 0 ? text.length : at + 1;
    if (end + fieldBytes + to - from + (at < 0 ? 1 : 0) > limit) return { end, taken: from };
    end = writeField(scratch, end);
    end += text.copy(scratch, end, from, to);
    from = to;
  }
  return { end: endLine(end), taken: from };
}

function writeShortLines(text: Buffer, limit: number): Written {
  // A local variable and nested loops, so that the compiler keeps the values in registers.
  const target = scratch;
  let end = 0;
  let index = 0;
  while (index < text.length) {
    const lineStart = index;
    const lineEnd = end;
    end = writeField(target, end);
    let byte: number;
    do {
      byte = text[index++] ?? 0;
      target[end++] = byte;
    } while (byte !== newline && index < text.length);
    if (end + (byte === newline ? 0 : 1) > limit) return { end: lineEnd, taken: lineStart };
  }
  return { end: endLine(end), taken: index };
}

/** Writes `data: ` byte by byte, which is faster than `set` for so few bytes. */
function writeField(target: Buffer, at: number): number {
  target[at] = 0x64;
  target[at + 1] = 0x61;
  target[at + 2] = 0x74;
  target[at + 3] = 0x61;
  target[at + 4] = 0x3a;
  target[at + 5] = 0x20;
  return at + fieldBytes;
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
