/**
 * `URL WATCHERS`: watches all events with WATCHERS clients, prints `watching`, and at the end of stdin prints a summary:
 * `{"events":…,"missing":…,"medianMs":…,"p99Ms":…,"slowestMs":…}`. Latencies are from `time` to arrival, of all watchers.
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

/** Resolves when connected. */
async function watch(): Promise<void> {
  const { body } = await fetch(`${url}/watch?feed=eventsource&heartbeat=false`);
  if (body === null) throw new Error("/watch has no body");
  void read(body);
}

async function read(body: AsyncIterable<Uint8Array>): Promise<void> {
  const add = received.addWatcher();
  for await (const bytes of body) add(bytes, performance.timeOrigin + performance.now());
}
