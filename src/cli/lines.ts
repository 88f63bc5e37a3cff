import type { Gap } from "../output/cursor.ts";

/** A longer line is printed in pieces, so that an output without newlines does not fill the memory. */
const maxLineChars = 16 * 1024;

/**
 * Splits chunks into lines; a line may span several chunks. A gap becomes a line of its own. A carriage return before the
 * newline is removed. Bytes that are not UTF-8 become U+FFFD. The last line needs no newline.
 */
export async function* toLines(chunks: AsyncIterable<Uint8Array | Gap>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const isGap = !(chunk instanceof Uint8Array);
    const lines = (rest + decoder.decode(isGap ? undefined : chunk, { stream: !isGap })).split("\n");
    rest = lines.pop() ?? "";
    if (isGap) {
      if (rest !== "") lines.push(rest);
      lines.push(`(${chunk.to - chunk.from} bytes were overwritten before they could be shown)`);
      rest = "";
    } else if (rest.length > maxLineChars) {
      lines.push(rest);
      rest = "";
    }
    if (lines.length > 0) yield lines.map((line) => line.replace(/\r$/, ""));
  }
  const last = rest + decoder.decode();
  if (last !== "") yield [last];
}
