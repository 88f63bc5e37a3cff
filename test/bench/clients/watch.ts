/**
 * `URL WATCHERS`: watches all events with so many clients, says `watching`, and when stdin ends prints what came, as JSON:
 * `{"events":…,"missing":…,"medianMs":…,"p99Ms":…,"slowestMs":…}`; of all watchers together, from `time` to receipt.
 */
import { Received } from "../received.ts";

const [url, watchers] = process.argv.slice(2);
const received = new Received();
const settleMs = 1000;

await Promise.all(Array.from({ length: Number(watchers) }, watch));
process.stdout.write("watching\n");
for await (const _ of Bun.stdin.stream());
await Bun.sleep(settleMs);
process.stdout.write(JSON.stringify(received.summarize()));
process.exit(0);

/** Resolves when it is connected. */
async function watch(): Promise<void> {
  const { body } = await fetch(`${url}/watch?feed=eventsource&heartbeat=false`);
  if (body === null) throw new Error("/watch has no body");
  void read(body);
}

async function read(body: AsyncIterable<Uint8Array>): Promise<void> {
  const add = received.addWatcher();
  for await (const bytes of body) add(bytes, performance.timeOrigin + performance.now());
}
