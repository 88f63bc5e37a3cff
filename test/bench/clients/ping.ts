/** `URL MS`: requests `/ping` repeatedly for MS. Prints the latencies in ms. */
const [url, durationMs] = process.argv.slice(2);
const pauseMs = 5;
const warmUps = 20;

const tookMs: number[] = [];
for (let count = 0; count < warmUps; count++) await ask();
const endMs = performance.now() + Number(durationMs);
while (performance.now() < endMs) {
  tookMs.push(await ask());
  await Bun.sleep(pauseMs);
}
process.stdout.write(JSON.stringify(tookMs));
process.exit(0);

async function ask(): Promise<number> {
  const startedMs = performance.now();
  const answer = await fetch(`${url}/ping`);
  if ((await answer.text()) !== "OK") throw new Error(`/ping answered ${answer.status}`);
  return performance.now() - startedMs;
}
