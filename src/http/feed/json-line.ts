/**
 * Maximum length of encoded lines and events, in bytes. The line readers of many languages fail at 64 KiB (Go's
 * `bufio.Scanner`, Python's asyncio and aiohttp).
 */
export const maxLineBytes = 60 * 1024;

/** Unicode line ends that JSON does not escape: NEL, LS and PS. */
const unicodeLineEnds = /[\u0085\u2028\u2029]/;

/** JSON in one line, even for readers that split at Unicode line ends. */
export function toJsonLine(value: unknown): string {
  return escapeLineEnds(JSON.stringify(value));
}

/** The same JSON without Unicode line ends. */
export function escapeLineEnds(json: string): string {
  return unicodeLineEnds.test(json) ? json.replaceAll(new RegExp(unicodeLineEnds, "g"), escape) : json;
}

/** Combines pieces of JSON into lines of at most `maxBytes`, and splits longer ones. Strings are never split. */
export function* toJsonLines(pieces: Iterable<string>, maxBytes: number): Generator<string, void> {
  let line = "";
  let bytes = 0;
  for (const piece of pieces) {
    const pieceBytes = Buffer.byteLength(piece);
    if (bytes > 0 && bytes + pieceBytes > maxBytes) {
      yield line;
      line = "";
      bytes = 0;
    }
    const parts = breakJson(piece, maxBytes);
    if (parts !== undefined) yield* parts;
    else {
      line += piece;
      bytes += pieceBytes;
    }
  }
  if (line !== "") yield line;
}

/**
 * Splits JSON into lines of at most `maxBytes`, between elements; strings are never split. Undefined if it fits into one
 * line.
 */
function breakJson(json: string, maxBytes: number): string[] | undefined {
  if (Buffer.byteLength(json) <= maxBytes) return undefined;
  const lines: string[] = [];
  let start = 0;
  let bytes = 0;
  let breakable = 0;
  let bytesAtBreak = 0;
  let isInString = false;
  for (let index = 0; index < json.length; index++) {
    const code = json.charCodeAt(index);
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code >= 0xd800 && code < 0xe000 ? 2 : 3;
    if (bytes > maxBytes && breakable > start) {
      lines.push(json.slice(start, breakable));
      start = breakable;
      bytes -= bytesAtBreak;
    }
    if (isInString && code === backslash) {
      index += 1;
      bytes += 1;
    } else if (code === quote) isInString = !isInString;
    else if (code === comma && !isInString) {
      breakable = index + 1;
      bytesAtBreak = bytes;
    }
  }
  lines.push(json.slice(start));
  return lines;
}

function escape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

const quote = 34;
const comma = 44;
const backslash = 92;
