/** Reads JSON from stdin, `{"/route/:x": document, …}`, and serves each document with a bare Elysia. Prints its URL. */
import { Elysia } from "elysia";

const documents = (await Bun.stdin.json()) as Record<string, object>;
const app = new Elysia();
for (const [route, document] of Object.entries(documents)) app.get(route, () => document);
app.listen({ hostname: "127.0.0.1", port: 0 }, ({ port }) => {
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
