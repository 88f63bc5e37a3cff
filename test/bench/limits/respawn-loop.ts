/** `COUNT MS COMMAND…`: keeps COUNT processes running for MS by respawning them. Prints the number of spawns. */
const [count, durationMs, ...cmd] = process.argv.slice(2);
let spawned = 0;
let hasEnded = false;

for (let index = 0; index < Number(count); index++) spawn();
await Bun.sleep(Number(durationMs));
hasEnded = true;
process.stdout.write(JSON.stringify(spawned));

function spawn(): void {
  if (hasEnded) return;
  spawned += 1;
  Bun.spawn({ cmd, stdin: "ignore", stdout: "ignore", stderr: "ignore", onExit: spawn });
}
