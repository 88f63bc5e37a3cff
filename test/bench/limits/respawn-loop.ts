/** `COUNT MS COMMAND…`: keeps so many processes alive for so long, by nothing but spawning; prints how many it spawned. */
const [count, durationMs, ...cmd] = process.argv.slice(2);
let spawned = 0;
let isOver = false;

for (let index = 0; index < Number(count); index++) spawn();
await Bun.sleep(Number(durationMs));
isOver = true;
process.stdout.write(JSON.stringify(spawned));

function spawn(): void {
  if (isOver) return;
  spawned += 1;
  Bun.spawn({ cmd, stdin: "ignore", stdout: "ignore", stderr: "ignore", onExit: spawn });
}
