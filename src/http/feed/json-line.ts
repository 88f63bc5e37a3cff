/**
 * Encoded lines and events are at most so long, in bytes: readers of many languages (Go's `bufio.Scanner`, Python's
 * asyncio and aiohttp) give up at 64 KiB.
 */
export const maxLineBytes = 60 * 1024;

/** Line ends to Unicode, of which JSON says nothing; NEL, which is one too. */
const unicodeLineEnds = /[\u0085\u2028\u2029]/;

/** JSON in one line, whoever splits text into lines. */
export function toJsonLine(value: unknown): string {
  const json = JSON.stringify(value);
  return unicodeLineEnds.test(json) ? json.replaceAll(new RegExp(unicodeLineEnds, "g"), escape) : json;
}

/**
 * The same JSON in lines of at most `maxBytes`, broken between elements where it must be; no string is broken. Undefined for
 * what fits into one line.
 */
export function breakJson(json: string, maxBytes: number): string[] | undefined {
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
