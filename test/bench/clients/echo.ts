/** `URL PID LINES`: posts lines to the process one by one and waits for the event of each. Prints the latencies in ms. */
import { readEvents } from "../../http/feed/event-stream.ts";

const [url, pid, lines] = process.argv.slice(2);
const warmUpLines = 50;

const stream = fetch(`${url}/streams/${pid}/stdout?feed=eventsource`);
let events: ReturnType<typeof readEvents> | undefined;
const tookMs: number[] = [];
for (let line = 0; line < warmUpLines + Number(lines); line++) {
  const startedMs = performance.now();
  const posted = fetch(`${url}/streams/${pid}/stdin`, { method: "POST", body: `${line}\n` });
  // The head of the response may arrive with the first event.
  events ??= readEvents((await stream).body);
  const { value } = await events.next();
  const ms = performance.now() - startedMs;
  if (value?.data !== String(line)) throw new Error(`line ${line} came back as ${value?.data}`);
  if (line >= warmUpLines) tookMs.push(ms);
  await (await posted).text();
}
process.stdout.write(JSON.stringify(tookMs));
process.exit(0);
