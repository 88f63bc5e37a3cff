import { expect, test } from "bun:test";
import { startCuttingProxy } from "../../cutting-proxy.ts";
import { waitFor } from "../../wait-for.ts";
import { createClient } from "../../../src/client/client.ts";
import { eventsOf, readEvents, type SeenEvent } from "../feed/event-stream.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const { run } = host;
const last = 200_000;
const numbers = Array.from({ length: last }, (_, index) => String(index + 1));
const head = (id: number) => host.serving.process(id).rings.get("out")?.head ?? 0;

function read(id: number | string, { headers, query = "" }: { headers?: Record<string, string>; query?: string } = {}) {
  return fetch(`${host.serving.url}/streams/${id}/out?feed=eventsource&lossless=true&reader=a${query}`, {
    ...(headers && { headers }),
  });
}

/** Reads events until there are `count` with output, and cuts the connection. */
async function readSome(response: Response, count: number): Promise<SeenEvent[]> {
  const seen: SeenEvent[] = [];
  for await (const event of readEvents(response.body)) {
    seen.push(event);
    if (seen.length === count) break;
  }
  return seen;
}

/** Without line ends: a pause within a line splits it. */
const textOf = (events: readonly SeenEvent[]) => linesOf(events).join("");
const linesOf = (events: readonly SeenEvent[]) =>
  events.filter(({ event }) => event === "out").flatMap(({ data }) => data.split("\n"));

/** The process has written nothing for a while. */
async function pauseOf(id: number): Promise<number> {
  let before = -1;
  await waitFor(async () => {
    before = head(id);
    await Bun.sleep(100);
    return head(id) === before;
  }, "a pause");
  return before;
}

/** Reads on with the last id, as `EventSource` does, until the process has ended. */
async function readOn(id: number, lastId: string): Promise<SeenEvent[]> {
  const seen: SeenEvent[] = [];
  for (let known = lastId; seen.at(-1)?.event !== "exit"; known = seen.at(-1)?.id ?? known) {
    const response = await read(id, { headers: { "last-event-id": known } });
    expect(response.status).toBe(200);
    seen.push(...(await eventsOf(new Uint8Array(await response.arrayBuffer()))));
  }
  return seen;
}

test.each(["64k", "1m"])(
  "with a buffer of %s, the process waits while the connection is broken, and the reader gets every byte once",
  async (outputBuffer) => {
    const id = await run(`sleep 0.1; seq 1 ${last}`, { output_buffer: outputBuffer });
    const first = await readSome(await read(id), 3);
    expect(await pauseOf(id)).toBeLessThan(numbers.join("\n").length);
    const rest = await readOn(id, first.at(-1)?.id ?? "");
    expect(textOf([...first, ...rest])).toBe(numbers.join(""));
    expect(rest.map(({ event }) => event)).not.toContain("gap");
  },
);

test("a response ends after a part of what is kept, so that no more is on its way, and tells browsers to go on at once", async () => {
  const id = await run(`sleep 0.1; seq 1 ${last}`, { output_buffer: "64k", lossless_timeout: 1 });
  const text = await (await read(id)).text();
  expect(text.length).toBeLessThan(2 * 64 * 1024);
  expect(text).toEndWith("retry: 10\n\n");
});

test("a longpoll answer that is lost can be asked for again, also with a buffer of an odd size", async () => {
  const id = await run(`sleep 0.1; seq 1 20000`, { output_buffer: 50_001, lossless_timeout: 2 });
  const url = `${host.serving.url}/streams/${id}/out?feed=longpoll&lossless=true&reader=a`;
  let text = "";
  for (let since = ""; ;) {
    await fetch(url + since).then((response) => response.text());
    const again = await fetch(url + since);
    if (again.status === 204) break;
    expect(again.headers.get("x-gaffer-gap")).toBeNull();
    text += await again.text();
    since = `&since=${again.headers.get("x-gaffer-next")}`;
  }
  expect(`${numbers.slice(0, 20_000).join("\n")}\n`).toEndWith(text);
  expect(text.length).toBeGreaterThan(50_001);
});

test("without an id it continues after the last byte that was sent", async () => {
  const id = await run(`sleep 0.1; seq 1 ${last}`, { output_buffer: "64k", lossless_timeout: 1 });
  const first = await eventsOf(new Uint8Array(await (await read(id)).arrayBuffer()));
  await pauseOf(id);
  const next = await eventsOf(new Uint8Array(await (await read(id, { query: "&tail=1" })).arrayBuffer()));
  expect(numbers.join("")).toStartWith(textOf([...first, ...next]));
});

test("after `lossless_timeout` the process goes on, and what was overwritten is a gap", async () => {
  const id = await run(`sleep 0.1; seq 1 ${last}`, { output_buffer: "64k", lossless_timeout: 0.5 });
  const first = await readSome(await read(id), 3);
  await waitFor(() => host.serving.process(id).outputEnded, "the end of the process");
  const [gap, ...rest] = await readOn(id, first.at(-1)?.id ?? "");
  expect(gap?.event).toBe("gap");
  const { bytes } = JSON.parse(gap?.data ?? "") as { bytes: number };
  expect(bytes).toBeGreaterThan(numbers.join("").length / 2);
  expect(numbers.join("")).toEndWith(textOf(rest));
});

test("a second connection with the name ends the first, and continues", async () => {
  const id = await run("echo one; sleep 0.3; echo two; sleep 600");
  const first = await read(id);
  await waitFor(() => head(id) === 8, "the output");
  const second = read(id);
  const seen = await eventsOf(new Uint8Array(await first.arrayBuffer().catch(() => new ArrayBuffer())));
  expect(seen.map(({ event }) => event)).not.toContain("exit");
  expect(host.serving.warnings.join("\n")).toContain("another connection has taken its name over");
  await (await second).body?.cancel();
});

test("two names are two readers, and each has its own place in each stream", async () => {
  const id = await run(`sleep 0.1; seq 1 1000; sleep 600`);
  const url = `${host.serving.url}/streams/${id}/out?feed=longpoll&lossless=true&reader=`;
  await waitFor(() => head(id) > 3000, "the output");
  const a = await (await fetch(`${url}a`)).text();
  expect(a.length).toBeGreaterThan(3000);
  expect(await (await fetch(`${url}a&follow=false`)).text()).toBe("");
  expect(await (await fetch(`${url}b`)).text()).toBe(a);
});

test("a deletion of the template ends the wait", async () => {
  const id = await run(`sleep 0.1; seq 1 ${last}`, { output_buffer: "64k", lossless_timeout: 1 });
  await readSome(await read(host.lastName), 3);
  await pauseOf(id);
  const { manager } = host.serving.daemon;
  await manager.delete(host.lastName);
  await waitFor(() => manager.readerCount() === 0, "the end of the reader");
});

test.each([
  ["lossless=true&feed=continuous&reader=a", "does not have"],
  ["feed=eventsource&reader=a", "requires `lossless=true`"],
  ["lossless=true&feed=eventsource&reader=", "up to 64 letters"],
  ["lossless=true&feed=eventsource&reader=a%2Fb", "not `a/b`"],
  [`lossless=true&feed=eventsource&reader=${"x".repeat(65)}`, "up to 64 letters"],
])("?%s is 400 bad_value", async (query, message) => {
  const id = await run("sleep 600");
  const response = await fetch(`${host.serving.url}/streams/${id}/out?${query}`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({
    error: "bad_value",
    field: "reader",
    message: expect.stringContaining(message),
  });
});

/** `GAFFERD_CUTS=200` is a longer run, of 50 MB. */
const cuts = Number(process.env["GAFFERD_CUTS"] ?? 20);

test(`what goes through \`cat\` over connections that are cut ${2 * cuts} times is equal to the byte`, async () => {
  const id = await run("cat", { redirect_input: true, output_buffer: "8m" });
  await using input = await startCuttingProxy(host.serving.url, cuts, 400_000);
  await using output = await startCuttingProxy(host.serving.url, cuts, 400_000);
  const lines = Array.from({ length: cuts * 4096 }, (_, index) => `${index} ${"x".repeat(52)}\n`);
  const sent = Buffer.from(lines.join(""));
  const writing = createClient(input.url).write(id, new Uint8Array(sent), { offset: 0, eof: true });
  const sum = new Bun.CryptoHasher("sha256");
  let received = 0;
  for await (const item of createClient(output.url).tail(id, { lossless: true, reader: "a" })) {
    if (item.type === "gap") throw new Error(`lost ${item.bytes} bytes at ${item.from}`);
    if (item.type !== "output") continue;
    received += item.text.length;
    sum.update(item.text);
  }
  expect(await writing).toBe(sent.length);
  expect([received, sum.digest("hex")]).toEqual([
    sent.length,
    new Bun.CryptoHasher("sha256").update(sent).digest("hex"),
  ]);
  expect([input.cuts, output.cuts]).toEqual([cuts, cuts]);
}, 180_000);
