import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { waitFor } from "../../wait-for.ts";
import { eventsOf } from "../feed/event-stream.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const { run } = host;
const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);
const textOf = async (path: string) => await (await get(path)).text();
const held = (id: number, label = "out") => host.serving.process(id).rings.get(label);
const ended = (id: number) => waitFor(() => host.serving.process(id).outputEnded, `the end of process ${id}`);

/** The body of a response to a client that stops reading for a moment again and again. */
async function readWithPauses(path: string): Promise<Buffer> {
  const { hostname, port } = new URL(host.serving.url);
  const chunks: Buffer[] = [];
  const client = connect(Number(port), hostname);
  client.write(`GET ${path} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  let pauses = 0;
  client.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    if (chunks.length % 50 !== 0 || ++pauses > 60) return;
    client.pause();
    setTimeout(() => client.resume(), 5);
  });
  await waitFor(() => Buffer.concat(chunks.slice(-2)).toString("latin1").endsWith("\r\n0\r\n\r\n"), "the end", 30_000);
  client.destroy();
  const answer = Buffer.concat(chunks);
  return unchunk(answer.subarray(answer.indexOf("\r\n\r\n") + 4));
}

/** The data of all events of the body, without line ends: a line is sent in two events if its process pauses within it. */
function dataOf(body: Buffer): string {
  const lines = body.toString("latin1").split("\n");
  return lines.map((line) => (line.startsWith("data: ") ? line.slice("data: ".length) : "")).join("");
}

describe("lossless=true", () => {
  test("a reader slower than the process gets every byte, and the process waits", async () => {
    const id = await run("sleep 0.1; seq 1 300000", { output_buffer: 8192 });
    const answer = await get(`/streams/${id}/out?feed=continuous&lossless=true`);
    const chunks: Uint8Array[] = [];
    for await (const chunk of answer.body ?? []) {
      chunks.push(chunk);
      if (chunks.length % 8 === 0) await Bun.sleep(1);
    }
    const expected = `${Array.from({ length: 300_000 }, (_, index) => index + 1).join("\n")}\n`;
    expect(Buffer.concat(chunks).equals(Buffer.from(expected))).toBe(true);
  });

  test("a reader that pauses repeatedly gets every byte unchanged while the ring is overwritten", async () => {
    const id = await run("sleep 0.2; seq 1 6000000", { output_buffer: "300k" });
    const body = await readWithPauses(`/streams/${id}/out?feed=continuous&lossless=true`);
    let expected = "";
    for (let number = 1; number <= 6_000_000; number++) expected += `${number}\n`;
    expect(body.equals(Buffer.from(expected))).toBe(true);
  }, 60_000);

  test("readers of events that pause repeatedly get all output unchanged while others are sent theirs", async () => {
    const count = 400_000;
    const bodies = ["a", "b", "c"].map(async (letter) => {
      const id = await run(`sleep 0.2; seq -f ${letter}%.0f 1 ${count}`, { output_buffer: "8m" });
      return dataOf(await readWithPauses(`/streams/${id}/out?feed=eventsource&lossless=true`));
    });
    for (const [index, body] of (await Promise.all(bodies)).entries()) {
      const letter = "abc"[index];
      let expected = "";
      for (let number = 1; number <= count; number++) expected += `${letter}${number}`;
      expect(body.startsWith(expected)).toBe(true);
    }
  }, 60_000);

  test("a reader that reads nothing for `lossless_timeout` is disconnected and logged, and the process continues", async () => {
    const id = await run("sleep 0.1; yes", { output_buffer: 65_536, lossless_timeout: 0.3 });
    const answer = await get(`/streams/${id}/out?feed=continuous&lossless=true`);
    await waitFor(
      () => host.serving.warnings.some((line) => line.includes(`disconnected a reader of /streams/${id}/out`)),
      "the warning",
      20_000,
    );
    const { head } = held(id) ?? { head: 0 };
    await waitFor(() => (held(id)?.head ?? 0) > head, "more output");
    await answer.body?.cancel().catch(() => {});
  });
});

/** The body of a response with `Transfer-Encoding: chunked`. */
function unchunk(encoded: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = encoded.indexOf("\r\n", at);
    const length = Number.parseInt(encoded.toString("latin1", at, lineEnd), 16);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(encoded.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
}

describe("no output is lost", () => {
  test("after a process writes 100 MB and exits at once, every byte in the ring is readable, up to the last", async () => {
    const id = await run("head -c 100000000 /dev/zero | tr '\\0' x; printf 'the end'");
    await ended(id);
    expect(held(id)?.head).toBe(100_000_007);
    const text = await textOf(`/streams/${id}/out?feed=continuous`);
    expect(text.length).toBe(2 ** 20);
    expect(text).toEndWith("xxxthe end");
  });

  test("many concurrent readers all receive exactly the same output", async () => {
    const id = await run("sleep 0.2; seq 1 200000");
    const bodies = Array.from({ length: 20 }, async () =>
      Buffer.from(await (await get(`/streams/${id}/out?feed=eventsource&lossless=true`)).arrayBuffer()),
    );
    const [first = Buffer.alloc(0), ...others] = await Promise.all(bodies);
    const events = (await eventsOf(first)).filter(({ event }) => event === "out");
    const expected = Array.from({ length: 200_000 }, (_, index) => index + 1).join("");
    expect(events.map(({ data }) => data.replaceAll("\n", "")).join("") === expected).toBe(true);
    // How many lines an event contains depends on when a reader reads.
    for (const each of others) expect(dataOf(each) === dataOf(first)).toBe(true);
  });
});
