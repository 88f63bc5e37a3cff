/**
 * `URL NAME TIMES RAN_MS`: kills the process of the template after RAN_MS and waits for the next one, TIMES times. Prints
 * the duration of each restart in ms.
 */
import { readEvents } from "../../http/feed/event-stream.ts";
import { isRunning } from "../proc.ts";

const [url, name, times, ranMs] = process.argv.slice(2);
const warmUps = 2;

const { pids } = (await (await fetch(`${url}/processes/${name}/_pids`)).json()) as { pids: number[] };
let { os_pid: osPid } = (await (await fetch(`${url}/processes/${pids[0]}`)).json()) as { os_pid: number };
const events = readEvents((await fetch(`${url}/streams/${name}?feed=eventsource`)).body);
const tookMs: number[] = [];
for (let crash = 0; crash < warmUps + Number(times); crash++) {
  await Bun.sleep(Number(ranMs));
  const startedMs = performance.now();
  process.kill(osPid, "SIGKILL");
  const next = await nextSpawn(osPid);
  const ms = performance.now() - startedMs;
  if (!isRunning(next)) throw new Error(`process ${next} was reported but is not running`);
  if (crash >= warmUps) tookMs.push(ms);
  osPid = next;
}
process.stdout.write(JSON.stringify(tookMs));
process.exit(0);

async function nextSpawn(killedOsPid: number): Promise<number> {
  for (;;) {
    const { done, value } = await events.next();
    if (done) throw new Error("the stream has ended");
    if (value.event !== "spawn") continue;
    const { os_pid: spawnedOsPid } = JSON.parse(value.data) as { os_pid: number };
    if (spawnedOsPid !== killedOsPid) return spawnedOsPid;
  }
}
