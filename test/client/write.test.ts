import { expect, test } from "bun:test";
import { createClient, GafferdClientError, type TemplateBody } from "gafferd/client";
import { useServing } from "../http/serving.ts";
import { startCuttingProxy } from "../cutting-proxy.ts";
import { waitFor } from "../wait-for.ts";

const host = useServing();

const client = () => createClient(host.serving.url);
const failureOf = async (promise: Promise<unknown>) => await promise.catch((error: unknown) => error);

const cat: TemplateBody = {
  name: "cat",
  cmd: "cat",
  redirect_input: true,
  redirect_output: ["out"],
  restart: "never",
};

/** Resolves when the process of `cat` has exited. The history also has the processes of deleted templates of that name. */
async function exitOf(pid: number): Promise<void> {
  await waitFor(async () => (await client().history("cat")).some((exit) => exit.pid === pid), "the exit");
}

/** The output of `cat` for these inputs; the last one closes stdin. */
async function echo(...inputs: Parameters<ReturnType<typeof client>["write"]>[1][]): Promise<[number[], string]> {
  await client().create(cat);
  const [pid = 0] = await client().pids("cat");
  const lengths: number[] = [];
  for (const [index, input] of inputs.entries()) {
    lengths.push(await client().write(pid, input, { eof: index === inputs.length - 1 }));
  }
  let text = "";
  for await (const item of client().tail(pid)) if (item.type === "output") text += item.text;
  return [lengths, text];
}

test("accepts text, bytes and blobs, and closes stdin with `eof`", async () => {
  const bytes = Buffer.from("bytes\n");
  const buffer = new Uint8Array(Buffer.from("buffer\n")).buffer;
  expect(await echo("é\n", bytes, buffer, new Blob(["blob\n"]), "")).toEqual([
    [3, 6, 7, 5, 0],
    "é\nbytes\nbuffer\nblob\n",
  ]);
});

test("sends a stream chunk by chunk", async () => {
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(Buffer.from("one\n"));
      controller.enqueue(Buffer.from("two\n"));
      controller.close();
    },
  });
  expect(await echo(stream)).toEqual([[8], "one\ntwo\n"]);
});

test("reports how much of a stream was written when the process stops reading, and cancels the stream", async () => {
  await client().create({ ...cat, cmd: "head -n 1" });
  const [pid = 0] = await client().pids("cat");
  const chunks = ["one\n", "", "two\n"];
  const cancelled = Promise.withResolvers<unknown>();
  const stream = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const chunk = chunks.shift() ?? "three\n";
      if (chunk === "two\n") await exitOf(pid);
      controller.enqueue(Buffer.from(chunk));
    },
    cancel: cancelled.resolve,
  });
  const failure = await failureOf(client().write(pid, stream));
  expect(failure).toBeInstanceOf(GafferdClientError);
  expect(failure).toMatchObject({ status: 410, code: "gone", details: { bytes: 4 } });
  expect(await cancelled.promise).toBe(failure);
});

test("reports how much was written when the process stops reading", async () => {
  const [pid = 0] = await client().create({ ...cat, cmd: "true" });
  await exitOf(pid);
  expect(await failureOf(client().write(pid, "hello"))).toMatchObject({
    status: 410,
    code: "gone",
    details: { bytes: 0 },
  });
});

test("accepts the name of a template with one process, and rejects with `conflict` for more", async () => {
  await client().create(cat);
  expect(await client().write("cat", "hello\n")).toBe(6);
  await client().add("cat");
  expect(await failureOf(client().write("cat", "hello\n"))).toMatchObject({ status: 409, code: "conflict" });
});

/** `GAFFERD_CUTS=200` is a longer run, of 50 MB. */
const cuts = Number(process.env["GAFFERD_CUTS"] ?? 20);

test(`with an offset, every byte arrives once, although the connection is cut ${cuts} times`, async () => {
  await using proxy = await startCuttingProxy(host.serving.url, cuts, 300_000);
  const bytes = crypto.getRandomValues(Buffer.alloc(65_536));
  const all = Buffer.concat(Array.from({ length: cuts * 4 }, () => bytes));
  all.forEach((byte, at) => (at % 1000 === 0 ? (all[at] = byte ^ (at / 1000)) : undefined));
  await client().create({ ...cat, cmd: "sha256sum" });
  const [pid = 0] = await client().pids("cat");
  const cutOften = createClient(proxy.url);
  expect(await cutOften.write(pid, all, { offset: 0, eof: true })).toBe(all.length);
  expect(proxy.cuts).toBe(cuts);
  expect(await client().input(pid)).toEqual({ taken: all.length, closed: true });
  let sum = "";
  for await (const item of client().tail(pid)) if (item.type === "output") sum += item.text;
  expect(sum).toStartWith(new Bun.CryptoHasher("sha256").update(all).digest("hex"));
}, 120_000);

test("with an offset, an error that no repetition mends is thrown at once", async () => {
  await client().create(cat);
  const [pid = 0] = await client().pids("cat");
  expect(await failureOf(client().write(pid, "x", { offset: 1 }))).toMatchObject({
    code: "conflict",
    field: "offset",
    details: { taken: 0 },
  });
  expect(await failureOf(client().write("..", "x", { offset: 0 }))).toBeInstanceOf(TypeError);
  expect(await failureOf(client().write("nobody", "x", { offset: 0 }))).toMatchObject({ code: "not_found" });
});
