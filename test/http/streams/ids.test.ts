import { describe, expect, test } from "bun:test";
import { bootId } from "../../../src/boot.ts";
import { waitFor } from "../../wait-for.ts";
import { readEvents, type SeenEvent } from "../feed/event-stream.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const { run } = host;

const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);
const brief = ({ event, data }: SeenEvent) => `${event}: ${data}`;
const unknownGap = 'gap: {"bytes":null,"from":null,"to":null}';

/** The first events of a stream. */
async function eventsAt(path: string, count: number, init?: RequestInit): Promise<SeenEvent[]> {
  const events: SeenEvent[] = [];
  for await (const event of readEvents((await get(path, init)).body)) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

async function idOfLast(path: string, count: number): Promise<string> {
  return (await eventsAt(path, count)).at(-1)?.id ?? "";
}

describe("an id that does not belong to the stream returns a gap, then all buffered output", () => {
  test("of a template that was deleted and created again, with eventsource and longpoll", async () => {
    await run("echo before; exec sleep 60");
    const name = host.lastName;
    const path = `/streams/${name}?feed=eventsource`;
    const id = await idOfLast(path, 1);
    const poll = await get(`/streams/${name}`);
    await host.serving.daemon.manager.delete(name);
    await host.serving.create({ name, cmd: "echo after; exec sleep 60", shell: true });
    const events = await eventsAt(path, 2, { headers: { "last-event-id": id } });
    expect(events.map(brief)).toEqual([unknownGap, "out: after"]);
    // The returned id resumes.
    expect((await eventsAt(`${path}&since=${events[0]?.id}`, 1)).map(brief)).toEqual(["out: after"]);
    const answer = await get(`/streams/${name}?since=${poll.headers.get("x-gaffer-next")}`);
    expect([answer.status, answer.headers.get("x-gaffer-gap")]).toEqual([200, "unknown"]);
  });

  test("of another template", async () => {
    await run("echo one; exec sleep 60");
    const id = await idOfLast(`/streams/${host.lastName}?feed=eventsource`, 1);
    await run("echo two; exec sleep 60");
    const events = await eventsAt(`/streams/${host.lastName}?feed=eventsource&since=${id}`, 2);
    expect(events.map(brief)).toEqual([unknownGap, "out: two"]);
  });

  test("of /watch, and an id of a stream at /watch", async () => {
    await run("echo one; exec sleep 60");
    const eventId = await idOfLast("/watch?feed=eventsource&since=1h", 1);
    const path = `/streams/${host.lastName}?feed=eventsource`;
    const events = await eventsAt(`${path}&since=${eventId}`, 2);
    expect(events.map(brief)).toEqual([unknownGap, "out: one"]);
    const [gap] = await eventsAt(`/watch?feed=eventsource&since=${events[1]?.id}`, 1);
    expect(gap && brief(gap)).toBe('gap: {"events":null}');
  });

  test.each([
    ["an earlier run", "r1abc2def_1_2s_2s"],
    ["an earlier run, with places ahead", "r1abc2def_1_5k_5k_1z141z3_-2_5m_2-0-1c.3-1-80"],
    ["version 0.1.0", "r5k2x.2.1-2s-0.2-0-0"],
    ["version 0.1.0, of a process that had ended", "r5k2x.2"],
    ["/watch of an earlier run", "r5k2x-2s"],
  ])("of %s", async (_, id) => {
    await run("echo held; exec sleep 60");
    const events = await eventsAt(`/streams/${host.lastName}?feed=eventsource&since=${id}`, 2);
    expect(events.map(brief)).toEqual([unknownGap, "out: held"]);
    const watched = await get(`/watch?feed=eventsource&since=${id}`);
    expect(watched.status).toBe(200);
    await watched.body?.cancel();
  });
});

test.each([
  "r",
  "rx",
  "r5k2x_",
  "r5k2x_1_2",
  "r5k2x_1_2_3_4_5_6_7",
  "r5k2x..",
  "R5k2x_1_2s_2s",
  "r5k2x_1_2s_2s!",
  `${bootId}.1.1-2s`,
  `${bootId}_1_2`,
])("an invalid id is refused: %s", async (id) => {
  await run("echo held; exec sleep 60");
  for (const path of [`/streams/${host.lastName}`, "/watch"]) {
    const answer = await get(`${path}?feed=eventsource&since=${encodeURIComponent(id)}`);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: "bad_value", field: "since" }]);
  }
});

test("an id of this stream with a position that it never had is refused", async () => {
  await run("echo held; exec sleep 60");
  const path = `/streams/${host.lastName}?feed=eventsource`;
  const [run_, serial] = (await idOfLast(path, 1)).split("_");
  const answer = await get(`${path}&since=${run_}_${serial}_zzzz_zzzz`);
  expect([answer.status, await answer.json()]).toMatchObject([400, { error: "bad_value", field: "since" }]);
});

test("an id of one output resumes in all outputs of its template, and vice versa", async () => {
  await run("echo o1; sleep 0.05; echo e1 >&2; sleep 0.05; echo o2; sleep 0.05; echo e2 >&2; exec sleep 60");
  const name = host.lastName;
  const ofOne = await idOfLast(`/streams/${name}/out?feed=eventsource`, 1);
  const all = await eventsAt(`/streams/${name}?feed=eventsource&since=${ofOne}`, 3);
  expect(all.map(brief)).toEqual(["err: e1", "out: o2", "err: e2"]);
  const one = await eventsAt(`/streams/${name}/err?feed=eventsource&since=${all[1]?.id}`, 1);
  expect(one.map(brief)).toEqual(["err: e2"]);
});

describe("1,000 processes", () => {
  const count = 1000;
  const out = "begin, end\nprompt";
  const wanted = (key: string) => (key.endsWith("out") ? out : "error\n");
  const cmd = "printf 'begin, '; sleep 0.3; echo end; echo error >&2; sleep 0.2; printf prompt; exec sleep 600";

  test(
    "a reader that reconnects many times gets every byte exactly once, with ids of at most 128 characters",
    async () => {
      await host.serving.create({ name: "many", cmd, shell: true, numprocesses: count });
      const got = new Map<string, string>();
      let id = "";
      let connections = 0;
      const isWhole = () => got.size === 2 * count && [...got].every(([key, text]) => text === wanted(key));
      while (!isWhole() && connections < 100) {
        connections += 1;
        const since = id === "" ? "" : `&since=${id}`;
        let left = 1 + ((connections * 137) % 600);
        for await (const event of readEvents((await get(`/streams/many?feed=eventsource&format=json${since}`)).body)) {
          id = event.id;
          expect(id.length).toBeLessThanOrEqual(128);
          expect(["out", "err"]).toContain(event.event);
          const { pid, stream, data } = JSON.parse(event.data);
          const key = `${pid} ${stream}`;
          got.set(key, (got.get(key) ?? "") + data);
          left -= 1;
          if (left === 0 || isWhole()) break;
        }
      }
      expect([...got.values()].filter((text) => text === out).length).toBe(count);
      expect([...got.values()].filter((text) => text === "error\n").length).toBe(count);
      expect(connections).toBeGreaterThan(5);
      let next = (await get("/streams/many?follow=false")).headers.get("x-gaffer-next") ?? "";
      expect(next.length).toBeLessThanOrEqual(128);
      next = (await get(`/streams/many/err?follow=false&since=${next}`)).headers.get("x-gaffer-next") ?? "";
      expect(next.length).toBeLessThanOrEqual(128);
      await waitFor(() => host.serving.cursorCount() === 0, "the end of all readers");
    },
    { timeout: 240_000 },
  );
});
