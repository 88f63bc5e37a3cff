/** `URL PATH WATCHERS`: reads the path with WATCHERS clients, prints `sampling` when each has a sample, and keeps reading. */
const [url = "", path = "", watchers] = process.argv.slice(2);

await Promise.all(Array.from({ length: Number(watchers) }, watch));
process.stdout.write("sampling\n");

async function watch(): Promise<void> {
  const { body } = await fetch(url + path);
  if (body === null) throw new Error(`${path} has no body`);
  const { promise, resolve } = Promise.withResolvers<void>();
  void read(body, resolve);
  await promise;
}

async function read(body: AsyncIterable<Uint8Array>, onFirst: () => void): Promise<void> {
  for await (const bytes of body) if (Buffer.from(bytes).includes("event: stats\n")) onFirst();
}
