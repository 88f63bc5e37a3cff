import { describe, expect, setDefaultTimeout, test } from "bun:test";
import type { LogLineDocument } from "../../../src/documents/log-schemas.ts";
import { parseEventStream, type ReceivedEvent } from "../../journal/event-stream.ts";
import { waitFor } from "../../wait-for.ts";
import { useServing } from "../serving.ts";

// The machine may be busy.
setDefaultTimeout(60_000);

const host = useServing();
const keep = { output_keep: "64m" };

async function ask(path: string) {
  const response = await fetch(host.serving.url + path);
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
}

async function textOf(path: string): Promise<string> {
  const { status, text } = await ask(path);
  expect([status, text]).toEqual([200, text]);
  return text;
}

async function documentsOf(path: string): Promise<LogLineDocument[]> {
  const text = await textOf(path);
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as LogLineDocument);
}

/** Waits until the process has ended and its output is kept. */
async function ended(pid: number): Promise<void> {
  const { process } = host.serving.daemon.manager.findProcess(pid);
  await waitFor(() => process.state === "exited" && process.outputEnded, "the end of the output");
}

describe("an answer", () => {
  test("has the newest lines by default, at most `limit`, as text or JSON", async () => {
    const pid = await host.run("seq 3; echo oops >&2", keep);
    await ended(pid);
    const name = host.lastName;
    expect(await textOf(`/logs/${name}/out`)).toBe("1\n2\n3\n");
    expect(await textOf(`/logs/${name}/out?limit=2`)).toBe("2\n3\n");
    expect(await textOf(`/logs/${name}?label=out&order=newest&limit=2`)).toBe("3\n2\n");
    expect(await textOf(`/logs/${name}?limit=0`)).toBe("");
    const [line] = await documentsOf(`/logs/${name}?format=json&grep=oops`);
    expect(line).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      name,
      pid,
      boot: expect.stringMatching(/^r[0-9a-z]+$/),
      stream: "err",
      id: expect.stringMatching(/^r/),
      data: "oops",
    });
    expect((await ask(`/logs/${name}`)).type).toBe("text/plain; charset=utf-8");
    expect((await ask(`/logs/${name}?format=json`)).type).toBe("application/x-ndjson");
  });

  test("has an unfinished line at the end, and continues it after its id", async () => {
    const pid = await host.run("printf 'name: '; read -r answer; echo $answer", { ...keep, redirect_input: true });
    const name = host.lastName;
    await waitFor(async () => (await textOf(`/logs/${name}`)) === "name: \n", "the prompt");
    const [prompt] = await documentsOf(`/logs/${name}?format=json`);
    expect(prompt).toMatchObject({ data: "name: ", partial: true });
    await fetch(`${host.serving.url}/streams/${pid}/stdin`, { method: "POST", body: "you\n" });
    await ended(pid);
    expect(await textOf(`/logs/${name}?since=${prompt?.id}`)).toBe("you\n");
    expect(await textOf(`/logs/${name}`)).toBe("name: you\n");
  });

  test("is that of a time or an id, up to a time or an id", async () => {
    const pid = await host.run("seq 9", keep);
    await ended(pid);
    const name = host.lastName;
    const lines = await documentsOf(`/logs/${name}?format=json`);
    const [third, fifth] = [lines[2]?.id, lines[4]?.id];
    expect(await textOf(`/logs/${name}?since=${third}&until=${fifth}`)).toBe("4\n5\n");
    expect(await textOf(`/logs/${name}?until=${third}&limit=2`)).toBe("2\n3\n");
    expect(await textOf(`/logs/${name}?since=1h&limit=2`)).toBe("1\n2\n");
    expect(await textOf(`/logs/${name}?since=${third}&order=newest&limit=2`)).toBe("9\n8\n");
    expect(await textOf(`/logs/${name}?until=1h`)).toBe("");
    expect(await textOf(`/logs/${name}?since=${new Date(Date.now() + 60_000).toISOString()}`)).toBe("");
    const rest = await textOf(`/streams/${name}/out?since=${fifth}&feed=continuous&follow=false`);
    expect(rest).toBe("6\n7\n8\n9\n");
  });

  test("of all templates is merged by time, and continues after every id", async () => {
    await host.run("for n in 1 2 3; do echo a$n; sleep 0.1; done; sleep 60", keep);
    await host.run("sleep 0.05; for n in 1 2 3; do echo b$n; sleep 0.1; done; sleep 60", keep);
    await waitFor(
      async () => (await textOf("/logs")).split("\n").filter((line) => /^[ab]3$/.test(line)).length === 2,
      "all lines",
    );
    const lines = (await documentsOf("/logs?format=json")).filter(({ data }) => /^[ab]\d$/.test(data));
    const times = lines.map(({ time }) => time);
    expect(times).toEqual(times.toSorted());
    expect(lines.map(({ data }) => data).toSorted()).toEqual(["a1", "a2", "a3", "b1", "b2", "b3"]);
    for (const [at, { id }] of lines.entries()) {
      const rest = await documentsOf(`/logs?format=json&since=${id}`);
      expect(rest.map(({ data }) => data)).toEqual(lines.slice(at + 1).map(({ data }) => data));
    }
  });

  test("has output of a template that was deleted", async () => {
    const pid = await host.run("echo kept", keep);
    await ended(pid);
    await host.serving.daemon.manager.delete(host.lastName);
    expect(await textOf(`/logs/${host.lastName}`)).toBe("kept\n");
  });

  test("splits a line whose document is longer than 60 KiB, and an id in it continues there", async () => {
    const pid = await host.run(`printf '%0150000d\\nnext\\n' 7`, keep);
    await ended(pid);
    const pieces = await documentsOf(`/logs/${host.lastName}?format=json`);
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.map(({ data }) => data).join("")).toBe(`${"7".padStart(150_000, "0")}next`);
    expect(pieces.map(({ partial }) => partial ?? false)).toEqual([...pieces.slice(2).map(() => true), false, false]);
    const rest = await documentsOf(`/logs/${host.lastName}?format=json&since=${pieces[0]?.id}`);
    expect(rest).toEqual(pieces.slice(1));
    const stream = await textOf(`/streams/${host.lastName}/out?since=${pieces[0]?.id}&feed=continuous&follow=false`);
    expect(stream.length).toBe(150_001 + 5 - (pieces[0]?.data.length ?? 0));
  });
});

describe("a feed", () => {
  test("has the stored lines, then each line as it is written, without a seam", async () => {
    await host.run("for n in $(seq 400); do echo $n; [ $((n % 40)) -eq 0 ] && sleep 0.02; done; sleep 60", keep);
    const name = host.lastName;
    await waitFor(async () => (await textOf(`/logs/${name}`)).includes("20\n"), "the first lines");
    const events = await take(`/logs/${name}?feed=eventsource&limit=10000`, (seen) => seen.at(-1)?.data === "400");
    expect(events.map(({ data }) => data)).toEqual(Array.from({ length: 400 }, (_, at) => `${at + 1}`));
    const middle = events[123]?.id;
    const again = await take(`/logs/${name}?feed=eventsource`, (seen) => seen.at(-1)?.data === "400", middle);
    expect(again.map(({ data }) => data)).toEqual(Array.from({ length: 276 }, (_, at) => `${at + 125}`));
  });

  test("goes on with the next process, and with a template that is created later", async () => {
    const name = `later${process.pid}`;
    const cmd = "echo first";
    await host.serving.create({ name, cmd, ...keep, start: false });
    const seen = take(`/logs/${name}?feed=eventsource`, (events) => events.length === 2);
    await host.serving.daemon.manager.start(name);
    await waitFor(async () => (await textOf(`/logs/${name}`)) === "first\n", "the first line");
    await host.serving.daemon.manager.delete(name);
    await host.serving.create({ name, cmd: "echo second", ...keep });
    expect((await seen).map(({ data }) => data)).toEqual(["first", "second"]);
  });

  test("of all templates is in the order of time, and reconnects exactly", async () => {
    const tag = `m${process.pid}`;
    const script = (letter: string) => `for n in $(seq 30); do echo ${tag}${letter}$n; sleep 0.01; done; sleep 60`;
    await host.run(script("a"), keep);
    await host.run(script("b"), keep);
    const isWhole = (events: readonly ReceivedEvent[]) =>
      ["a", "b"].every((letter) => events.some(({ data }) => data === `${tag}${letter}30`));
    const path = `/logs?feed=eventsource&grep=${tag}`;
    const events = await take(path, isWhole);
    expect(events.length).toBe(60);
    const at = 20;
    const rest = await take(path, isWhole, events[at]?.id);
    expect(rest.map(({ data }) => data)).toEqual(events.slice(at + 1).map(({ data }) => data));
  });
});

describe("what is not kept", () => {
  test("is refused with what to do", async () => {
    await host.run("sleep 60");
    const name = host.lastName;
    const { status, text } = await ask(`/logs/${name}`);
    expect(status).toBe(404);
    expect(text).toContain(`the output of \`${name}\` is not kept on disk: set \`output_keep = 64m\``);
    expect((await ask(`/logs/nope-${process.pid}`)).status).toBe(404);
    expect((await ask("/logs/..%2f..")).status).toBe(404);
  });

  test("of a template that has written nothing yet is empty", async () => {
    await host.run("sleep 60", keep);
    expect(await textOf(`/logs/${host.lastName}`)).toBe("");
  });
});

test("a parameter that is wrong is refused by name", async () => {
  await host.run("echo x; sleep 60", keep);
  const path = `/logs/${host.lastName}`;
  for (const [query, field] of [
    ["limit=x", "limit"],
    ["limit=1000001", "limit"],
    ["since=nonsense", "since"],
    ["since=r_bad", "since"],
    ["until=nonsense", "until"],
    ["until=rzzzz_1_2_2", "until"],
    ["pid=x", "pid"],
    ["feed=continuous", "feed"],
    ["feed=eventsource&until=1m", "until"],
    ["feed=eventsource&order=newest", "order"],
    ["format=base64", "format"],
    ["regex=maybe", "regex"],
    ["grep=(&regex=true", "grep"],
    ["grep=a%0Ab", "grep"],
    [`grep=${"x".repeat(5000)}`, "grep"],
    [`grep=${"x".repeat(1001)}&regex=true`, "grep"],
    ["grep=(a{100}){100}&regex=true", "grep"],
    ["label=", "label"],
  ] as const) {
    const { status, text } = await ask(`${path}?${query}`);
    expect([query, status, (JSON.parse(text) as { field?: string }).field]).toEqual([query, 400, field]);
  }
  expect((await ask(`${path}/out?label=err`)).status).toBe(400);
});

test("a regular expression that would run away elsewhere is harmless, and others are answered beside it", async () => {
  const pid = await host.run(`head -c 1000000 /dev/zero | tr '\\0' a; echo b; seq 1000`, keep);
  await ended(pid);
  const path = `/logs/${host.lastName}?regex=true&limit=5&grep=`;
  const startedMs = performance.now();
  let slowestMs = 0;
  const searches = ["(a%2B)%2B%24", "(a|aa)%2B%24", "(.*)(.*)(.*)(.*)x"].map((grep) => ask(path + grep));
  const all = Promise.all(searches);
  while ((await Promise.race([all, Bun.sleep(1)])) === undefined) {
    const atMs = performance.now();
    await ask("/ping");
    slowestMs = Math.max(slowestMs, performance.now() - atMs);
  }
  for (const { status } of await all) expect(status).toBe(200);
  expect(performance.now() - startedMs).toBeLessThan(20_000);
  expect(slowestMs).toBeLessThan(1000);
});

test("clients that read nothing do not search on, and hold up no other search; one that leaves ends its search", async () => {
  const pid = await host.run("seq 100000", keep);
  await ended(pid);
  const path = `/logs/${host.lastName}`;
  const { hostname, port } = new URL(host.serving.url);
  // More than may search at a time.
  const idle = await Promise.all(
    Array.from({ length: 40 }, () =>
      Bun.connect({
        hostname,
        port: Number(port),
        socket: {
          open(socket) {
            socket.pause();
            socket.write(`GET ${path}?since=1h&limit=1000000 HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
          },
          data() {},
        },
      }),
    ),
  );
  const before = process.memoryUsage.rss();
  for (let n = 0; n < 5; n++) expect(await textOf(`${path}?limit=1`)).toBe("100000\n");
  expect(await textOf(`${path}?grep=99999&since=1h`)).toBe("99999\n");
  expect(process.memoryUsage.rss() - before).toBeLessThan(200e6);
  for (const socket of idle) socket.terminate();
  for (let n = 0; n < 5; n++) expect(await textOf(`${path}?limit=1`)).toBe("100000\n");
});

/** Reads events until there are enough. */
async function take(
  path: string,
  isEnough: (events: readonly ReceivedEvent[]) => boolean,
  lastEventId?: string,
): Promise<ReceivedEvent[]> {
  const controller = new AbortController();
  const headers = lastEventId === undefined ? {} : { "last-event-id": lastEventId };
  const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(20_000)]);
  const response = await fetch(host.serving.url + path, { headers, signal });
  expect(response.status).toBe(200);
  const events: ReceivedEvent[] = [];
  for await (const event of parseEventStream(response.body!)) {
    if (event.data === "" && event.event === undefined) continue;
    events.push(event);
    if (isEnough(events)) break;
  }
  controller.abort();
  return events;
}
