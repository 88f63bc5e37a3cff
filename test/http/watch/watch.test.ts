import { describe, expect, test } from "bun:test";
import { bootId } from "../../../src/boot.ts";
import { formatEventId as formatId } from "../../../src/http/watch/event-id.ts";
import { waitFor } from "../../wait-for.ts";
import { readEvents, type SeenEvent } from "../feed/event-stream.ts";
import { serve, useServing } from "../serving.ts";

const formatEventId = (sequence: number) => formatId({ boot: bootId, sequence });

const host = useServing();

const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);

async function take(body: ReadableStream<Uint8Array> | null, count: number): Promise<SeenEvent[]> {
  const events = readEvents(body);
  const seen: SeenEvent[] = [];
  while (seen.length < count) seen.push((await events.next()).value as SeenEvent);
  await events.return(undefined);
  return seen;
}

async function* linesOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  let text = "";
  for await (const chunk of body ?? []) {
    const lines = (text + Buffer.from(chunk).toString()).split("\n");
    text = lines.pop() ?? "";
    yield* lines.filter(Boolean);
  }
}

const messages = (events: readonly SeenEvent[]) =>
  events.map(({ data }) => JSON.parse(data) as Record<string, unknown>);

describe("GET /watch", () => {
  test("sends each event when it is published, after the state has changed", async () => {
    const answer = await get("/watch?feed=eventsource");
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    await host.serving.create({ name: "w1", cmd: "sh -c 'exit 3'" });
    const seen = await take(answer.body, 4);
    expect(seen.map(({ event }) => event)).toEqual(["create", "start", "spawn", "exit"]);
    const [create, , spawn, exit] = messages(seen);
    const { id, osPid } = host.serving.daemon.manager.get("w1").exits[0] ?? {};
    expect(create).toEqual({ event: "create", name: "w1", time: expect.any(String), seq: expect.any(Number) });
    expect(spawn).toMatchObject({ event: "spawn", name: "w1", pid: id, os_pid: osPid, detached: false });
    expect(exit).toMatchObject({ event: "exit", pid: id, exit_status: 3, term_signal: null });
    expect(Math.abs(Date.parse(String(exit?.["time"])) - Date.now())).toBeLessThan(10_000);
  });

  test.each([
    ["/watch/exit", ["exit w2"]],
    ["/watch/proc/w2", ["create w2", "start w2", "spawn w2", "exit w2"]],
    ["/watch/proc/w2/spawn", ["spawn w2"]],
    ["/watch/proc.w2.start", ["start w2"]],
  ])("%s sends only matching events", async (path, expected) => {
    const answer = await get(`${path}?feed=continuous`);
    await host.serving.create({ name: "other", cmd: "sleep 60" });
    await host.serving.create({ name: "w2", cmd: "true" });
    await host.serving.create({ name: "late", cmd: "sleep 60", start: false });
    const lines: string[] = [];
    let text = "";
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString();
      lines.splice(0, lines.length, ...text.split("\n").filter(Boolean));
      if (lines.length >= expected.length) break;
    }
    await answer.body?.cancel().catch(() => {});
    expect(lines.map((line) => JSON.parse(line)).map(({ event, name }) => `${event} ${name}`)).toEqual(expected);
  });

  test("every feed has `time` and `seq`, and the id is derived from `seq`", async () => {
    const { bus } = host.serving.daemon;
    const [events, lines] = await Promise.all(["eventsource", "continuous"].map((feed) => get(`/watch?feed=${feed}`)));
    const poll = get("/watch");
    await waitFor(() => bus.readerCount === 3, "all three readers");
    const head = bus.head;
    await host.serving.create({ name: "w6", cmd: "sleep 60" });
    const seen = await take(events?.body ?? null, 3);
    expect(messages(seen).map(({ seq }) => seq)).toEqual([head + 1, head + 2, head + 3]);
    expect(seen.map(({ id }) => id)).toEqual([1, 2, 3].map((count) => formatEventId(head + count)));
    const read: unknown[] = [];
    for await (const line of linesOf(lines?.body ?? null)) if (read.push(JSON.parse(line)) === 3) break;
    expect(read).toEqual(messages(seen));
    expect(await (await poll).json()).toEqual(messages(seen)[0]);
    for (const { time } of messages(seen)) expect(new Date(String(time)).toISOString()).toBe(String(time));
  });

  test("longpoll returns one event, and `X-Gaffer-Next` is the `since` of the next request", async () => {
    const first = get("/watch");
    await waitFor(() => host.serving.daemon.bus.readerCount === 1, "the poll");
    await host.serving.create({ name: "w3", cmd: "true" });
    const answer = await first;
    expect(await answer.json()).toMatchObject({ event: "create", name: "w3" });
    const next = await get(`/watch?since=${answer.headers.get("x-gaffer-next")}`);
    expect(await next.json()).toMatchObject({ event: "start", name: "w3" });
    const quiet = await get("/watch/flap?heartbeat=0.1");
    expect(quiet.status).toBe(204);
    expect(quiet.headers.get("x-gaffer-next")).not.toBeNull();
  });

  test("`Last-Event-ID` and `since` resume after the given event; `since` also takes a time", async () => {
    await host.serving.create({ name: "w4", cmd: "true" });
    await waitFor(() => host.serving.daemon.manager.get("w4").exits.length === 1, "the exit");
    const all = await take((await get("/watch/proc/w4?feed=eventsource&since=1m")).body, 4);
    expect(all.map(({ event }) => event)).toEqual(["create", "start", "spawn", "exit"]);
    for (const [index, { id }] of all.slice(0, 3).entries()) {
      const init = { headers: { "last-event-id": id } };
      expect(await take((await get("/watch/proc/w4?feed=eventsource", init)).body, 3 - index)).toEqual(
        all.slice(index + 1),
      );
      expect(await take((await get(`/watch/proc/w4?feed=eventsource&since=${id}`)).body, 3 - index)).toEqual(
        all.slice(index + 1),
      );
    }
  });

  test("a client that was disconnected before its first event can resume", async () => {
    const reader = (await get("/watch?feed=eventsource")).body?.getReader();
    const greeting = Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
    const [, lastId = ""] = /^id: (.*)\n\n$/.exec(greeting) ?? [];
    await host.serving.create({ name: "w5", cmd: "true" });
    const [first] = await take(
      (await get("/watch?feed=eventsource", { headers: { "last-event-id": lastId } })).body,
      1,
    );
    expect(first?.data).toContain('"event":"create","name":"w5"');
  });

  test("events that are no longer held are counted in a gap, and an id of an earlier run gets a gap too", async () => {
    for (let count = 0; count < 1100; count++) host.serving.daemon.bus.publish({ type: "update", name: "many" });
    const init = { headers: { "last-event-id": formatEventId(host.serving.daemon.bus.head - 1050) } };
    const [gap, next] = await take((await get("/watch?feed=eventsource", init)).body, 2);
    expect([gap?.event, gap?.data, next?.event]).toEqual(["gap", `{"events":50}`, "update"]);
    const foreign = { headers: { "last-event-id": "r1-5" } };
    const [unknown] = await take((await get("/watch?feed=eventsource", foreign)).body, 1);
    expect([unknown?.event, unknown?.data]).toEqual(["gap", `{"events":null}`]);
    const answer = await get(`/watch?since=${formatEventId(host.serving.daemon.bus.head - 1050)}`);
    expect(answer.headers.get("x-gaffer-gap")).toBe("50");
  });

  test("a heartbeat is a comment line or an empty line", async () => {
    for (const [feed, beat] of [
      ["eventsource", ":\n\n"],
      ["continuous", "\n"],
    ]) {
      const reader = (await get(`/watch/flap?feed=${feed}&heartbeat=0.1`)).body?.getReader();
      await reader?.read();
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(beat ?? "");
      await reader?.cancel();
    }
  });

  test.each([
    ["/watch/nothing", 404, "bad_event_type", undefined],
    ["/watch/proc/a/nothing", 404, "bad_event_type", undefined],
    ["/watch?feed=sse", 400, "bad_value", "feed"],
    ["/watch?since=r!", 400, "bad_value", "since"],
    ["/watch?since=never", 400, "bad_value", "since"],
    ["/watch?heartbeat=-1", 400, "bad_value", "heartbeat"],
  ])("%s is %d %s", async (path, status, error, field) => {
    const answer = await get(path);
    const body = (await answer.json()) as { error: string; field?: string };
    expect([answer.status, body.error, body.field]).toEqual([status, error, field]);
  });

  test("each of a hundred watchers receives every exit event of a thousand processes", async () => {
    const watchers = Array.from({ length: 100 }, async () => {
      const answer = await get("/watch/proc/storm/exit?feed=eventsource");
      return take(answer.body, 1000);
    });
    await waitFor(() => host.serving.daemon.bus.readerCount === 100, "the watchers");
    await host.serving.create({ name: "storm", cmd: "true", numprocesses: 1000 });
    const seen = await Promise.all(watchers);
    const [first = []] = seen;
    expect(new Set(messages(first).map(({ pid }) => pid)).size).toBe(1000);
    for (const each of seen) expect(each).toEqual(first);
  }, 60_000);
});

test("a watch stream ends after the daemon's last event", async () => {
  const own = await serve();
  await own.create({ name: "last", cmd: "sleep 60" });
  const answer = await fetch(`${own.url}/watch?feed=eventsource`);
  const events = Array.fromAsync(readEvents(answer.body));
  await own.daemon.stop();
  expect((await events).map(({ event }) => event)).toEqual(["stop", "stop_pid", "exit"]);
});
