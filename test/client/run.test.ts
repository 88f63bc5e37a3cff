import { expect, test } from "bun:test";
import { connect } from "node:net";
import { createClient, GafferdClientError, type RunHandle } from "gafferd/client";
import { startCuttingProxy } from "../cutting-proxy.ts";
import { useServing } from "../http/serving.ts";
import { waitFor } from "../wait-for.ts";

const host = useServing();
const client = () => createClient(host.serving.url);
const failureOf = async (promise: Promise<unknown>) => await promise.catch((error: unknown) => error);

async function textOf({ output }: RunHandle): Promise<string> {
  let text = "";
  for await (const item of output) if (item.type === "output") text += item.text;
  return text;
}

test("a run gives its output and its exit", async () => {
  const run = client().run("a", { cmd: "echo one; echo two; exit 3", shell: true });
  expect(await textOf(run)).toBe("one\ntwo\n");
  expect(await run.exit).toMatchObject({ id: "a", state: "exited", exit_status: 3, ended_by: "itself" });
  expect(await run.started).toMatchObject({ id: "a", existing: false });
});

test("a second run with the same id and settings is the first", async () => {
  const settings = { cmd: "echo $$; exit 1", shell: true };
  const both = [client().run("a", settings), client().run("a", settings)];
  const [first, second] = await Promise.all(both.map(textOf));
  expect(first).toBe(second!);
  expect((await Promise.all(both.map(({ started }) => started))).map(({ existing }) => existing).toSorted()).toEqual([
    false,
    true,
  ]);
});

test("other settings are refused, for all who look at the run", async () => {
  await client().run("a", { cmd: "true" }).exit;
  const run = client().run("a", { cmd: "false" });
  for (const promise of [run.started, run.exit, run.write("x"), run.stop(), textOf(run)]) {
    expect(await failureOf(promise)).toMatchObject({ code: "conflict", field: "cmd" });
  }
});

test("what is written in several calls arrives in order, and eof closes stdin", async () => {
  const run = client().run("a", { cmd: "cat", redirect_input: true });
  const lengths = await Promise.all([run.write("one\n"), run.write("two\n"), run.write("three\n", { eof: true })]);
  expect(lengths).toEqual([4, 4, 6]);
  expect(await textOf(run)).toBe("one\ntwo\nthree\n");
  expect(await run.exit).toMatchObject({ exit_status: 0 });
});

test("stop ends it, and signal ends only the waiting", async () => {
  const leaving = new AbortController();
  const run = client().run("a", { cmd: "sleep 60" }, { signal: leaving.signal });
  const { exit } = run;
  await run.started;
  leaving.abort(new Error("enough"));
  expect(await failureOf(exit)).toEqual(new Error("enough"));
  expect(await client().runs({ state: "running" })).toMatchObject([{ id: "a" }]);
  expect(await client().run("a", { cmd: "sleep 60" }).stop()).toMatchObject({ ended_by: "request" });
});

test("a run that is forgotten has no exit", async () => {
  const run = client().run("a", { cmd: "sleep 60" });
  const exit = failureOf(run.exit);
  await run.started;
  expect(await client().removeRun("a")).toBe(true);
  expect(await client().removeRun("a")).toBe(false);
  // It learns the exit if its request was waiting, else that the run is gone.
  const learned = await exit;
  if (learned instanceof GafferdClientError) expect(learned.code).toBe("not_found");
  else expect(learned).toMatchObject({ ended_by: "request" });
  expect(await failureOf(client().run("b", { cmd: "/no/such/program" }).exit)).toMatchObject({ code: "spawn_failed" });
});

test("gives up when gafferd does not answer for longer than its patience", async () => {
  const startMs = performance.now();
  const nowhere = createClient("http://127.0.0.1:1").run("a", { cmd: "true" }, { patienceMs: 200 });
  expect(await failureOf(nowhere.exit)).toBeInstanceOf(Error);
  expect(performance.now() - startMs).toBeGreaterThan(200);
});

/** `GAFFERD_CUTS=200` is a longer run, of 50 MB. */
const cuts = Number(process.env["GAFFERD_CUTS"] ?? 20);

test(`input and output of a run are the same to the byte, although the connection is cut ${cuts} times`, async () => {
  await using proxy = await startCuttingProxy(host.serving.url, cuts, 500_000);
  let input = "";
  for (let at = 0; input.length < cuts * 250_000; at += 1) input += line(at);
  const bytes = Buffer.from(input);
  const run = createClient(proxy.url).run("cat", { cmd: "cat", redirect_input: true }, { lossless: true });
  const read = new Bun.CryptoHasher("sha256");
  const reading = (async () => {
    for await (const item of run.output) {
      if (item.type === "gap") throw new Error(`lost ${item.bytes} bytes`);
      if (item.type === "output") read.update(item.text);
    }
  })();
  expect(await run.write(bytes, { eof: true })).toBe(bytes.length);
  await reading;
  expect(await run.exit).toMatchObject({ exit_status: 0, ended_by: "itself" });
  expect(proxy.cuts).toBe(cuts);
  expect(read.digest("hex")).toBe(new Bun.CryptoHasher("sha256").update(bytes).digest("hex"));
}, 300_000);

test("a reader that reads nothing, and whose connection never ends, holds up nobody else", async () => {
  const settings = { cmd: "seq 1 300000", output_buffer: "4m" };
  const { hostname, port } = new URL(host.serving.url);
  const stuck = connect(Number(port), hostname);
  stuck.pause();
  const body = JSON.stringify(settings);
  stuck.write(
    `PUT /runs/a?feed=eventsource HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  await waitFor(async () => (await client().runs()).length === 1, "the run");
  const run = client().run("a", settings);
  const other = client().run("b", { cmd: "echo hello" });
  expect(await run.exit).toMatchObject({ exit_status: 0 });
  expect(await run.started).toMatchObject({ existing: true });
  expect(await textOf(other)).toBe("hello\n");
  expect(await textOf(run)).toEndWith("300000\n");
  await waitFor(() => host.serving.daemon.manager.runs.active.length === 0, "the end of the processes");
  stuck.destroy();
});

/** A line of text: the output is read as text. */
function line(at: number): string {
  return `${at.toString(36)} ${Math.random().toString(36).slice(2)} ${"é".repeat(at % 40)}\n`;
}
