/** `BYTES`: encodes lines of this length as events, 64 KiB at a time. Prints GB/s. */
import { encodeTextEvent } from "../../../src/http/feed/sse.ts";

const lineBytes = Number(process.argv[2]);
const warmUpMs = 500;
const measuredMs = 1000;

const line = `${"a line ".repeat(lineBytes).slice(0, lineBytes - 1)}\n`;
const chunk = Buffer.from(line.repeat(Math.floor(65_536 / lineBytes)));

const event = { before: "event: stdout\n", after: () => "id: r123456789a.1.1-12345678\n\n", maxBytes: 2 ** 20 };

frameFor(warmUpMs);
process.stdout.write(JSON.stringify(frameFor(measuredMs)));

function frameFor(ms: number): number {
  const startedMs = performance.now();
  let bytes = 0;
  while (performance.now() - startedMs < ms) {
    if (encodeTextEvent(chunk, event).length === 0) break;
    bytes += chunk.length;
  }
  return bytes / 1e6 / (performance.now() - startedMs);
}
