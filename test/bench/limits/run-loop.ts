/** `COUNT CONCURRENCY`: runs `true` so often, with two pipes, so many at the same time. Prints the seconds that it took. */
const [count = 0, concurrency = 0] = process.argv.slice(2).map(Number);
let begun = 0;

const startedMs = performance.now();
await Promise.all(Array.from({ length: concurrency }, work));
process.stdout.write(String((performance.now() - startedMs) / 1000));

async function work(): Promise<void> {
  while (begun < count) {
    begun += 1;
    await Bun.spawn({ cmd: ["true"], stdin: "ignore", stdout: "pipe", stderr: "pipe" }).exited;
  }
}
