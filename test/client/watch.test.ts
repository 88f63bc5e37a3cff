import { expect, test } from "bun:test";
import { createClient, type WatchItem } from "gafferd/client";
import { useServing } from "../http/serving.ts";
import { waitFor } from "../wait-for.ts";
import { startCutter } from "../http/feed/cutter.ts";

const host = useServing();

const brief = (item: WatchItem) => (item.type === "gap" ? item : `${item.name} ${item.event}`);

/** Reads `count` items and leaves the loop. */
async function take(items: AsyncIterableIterator<WatchItem, void>, count: number): Promise<WatchItem[]> {
  const taken: WatchItem[] = [];
  for await (const item of items) if (taken.push(item) === count) break;
  return taken;
}

test("yields events with their details", async () => {
  const client = createClient(host.serving.url);
  const since = new Date();
  await client.create({ name: "web", cmd: "exit 3", shell: true, restart: "never" });
  const items = await take(client.watch(undefined, { since }), 4);
  expect(items.map(brief)).toEqual(["web create", "web start", "web spawn", "web exit"]);
  const [pid] = (await client.history("web")).map((exit) => exit.pid);
  expect(items[3]).toMatchObject({ type: "event", event: "exit", pid, exit_status: 3, term_signal: null });
});

test("begins with new events, and accepts patterns", async () => {
  const client = createClient(host.serving.url);
  await client.create({ name: "a.b", cmd: "sleep 600", restart: "never" });
  const items = take(client.watch("proc.a.b.exit"), 1);
  await waitFor(() => host.serving.daemon.bus.readerCount === 1, "the watcher");
  await client.create({ name: "other", cmd: "true", restart: "never" });
  await client.signal("a.b", "KILL");
  expect((await items).map(brief)).toEqual(["a.b exit"]);
});

test("continues after a lost connection, with every event once", async () => {
  const cuts = Array.from({ length: 4 }, (_, index) => ({ afterBytes: 400 + index * 333, reset: index % 2 === 0 }));
  await using cutter = await startCutter(host.serving.url, cuts);
  const client = createClient(host.serving.url);
  const since = new Date();
  const items = take(createClient(cutter.url).watch("create", { since }), 40);
  for (let number = 1; number <= 40; number++) await client.create({ name: `t${number}`, cmd: "true", start: false });
  const names = (await items).map(brief);
  expect(names).toEqual(Array.from({ length: 40 }, (_, index) => `t${index + 1} create`));
  expect(cutter.cutCount).toBeGreaterThan(2);
});

test("reports lost events as a gap", async () => {
  const client = createClient(host.serving.url);
  await client.create({ name: "web", cmd: "true", start: false });
  const [first] = await take(client.watch(undefined, { since: "1h" }), 1);
  const { bus } = host.serving.daemon;
  for (let count = 0; count < 1500; count++) bus.publish({ type: "update", name: "web" });
  const items = await take(client.watch(undefined, { since: first?.id ?? "" }), 2);
  expect(items[0]).toMatchObject({ type: "gap", events: expect.any(Number) });
  expect(items[1]).toMatchObject({ type: "event", event: "update" });
});

test("rejects a pattern that matches no event type", async () => {
  const items = createClient(host.serving.url).watch("explode");
  expect(await items.next().catch((error: unknown) => error)).toMatchObject({ status: 404, code: "bad_event_type" });
});

test("leaves nothing behind when its signal is aborted", async () => {
  const controller = new AbortController();
  const items = createClient(host.serving.url).watch(undefined, { signal: controller.signal });
  const waiting = items.next().catch((error: unknown) => error);
  await waitFor(() => host.serving.daemon.bus.readerCount === 1, "the watcher");
  controller.abort();
  expect(await waiting).toMatchObject({ name: "AbortError" });
});
