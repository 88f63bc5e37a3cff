import { describe, expect, test } from "bun:test";
import { waitFor } from "../../wait-for.ts";
import { eventsOf, readEvents, type SeenEvent } from "../feed/event-stream.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const { run } = host;
const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);
const textOf = async (path: string) => await (await get(path)).text();
const held = (id: number, label = "out") => host.serving.process(id).rings.get(label);
/** Events without their ids, in a short form. */
const brief = (events: readonly SeenEvent[]) => events.map(({ event, data }) => `${event}: ${data}`);

describe("the start position", () => {
  test("can be a tail, an age or an RFC 3339 time", async () => {
    const id = await run("echo a; sleep 0.3; echo b; echo c; sleep 60");
    await waitFor(() => held(id)?.head === 6, "the lines");
    const path = `/streams/${id}/out?feed=continuous&follow=false`;
    expect(await textOf(`${path}&tail=2`)).toBe("b\nc\n");
    expect(await textOf(`${path}&tail=0`)).toBe("");
    expect(await textOf(`${path}&since=10m`)).toBe("a\nb\nc\n");
    const since = new Date((held(id)?.arrivals.unixMsAt(2) ?? 0) - 50).toISOString();
    expect(await textOf(`${path}&since=${since}`)).toBe("b\nc\n");
    expect(await textOf(`${path}&since=${new Date(Date.now() + 60_000).toISOString()}`)).toBe("");
  });
});

describe("the stream of a template", () => {
  test("continues through restarts", async () => {
    await run("echo hello; exec sleep 60", { restart: "always" });
    const name = host.lastName;
    const events = readEvents((await get(`/streams/${name}?feed=eventsource`)).body);
    const first = (await events.next()).value;
    expect(first?.data).toBe("hello");
    await host.serving.daemon.manager.restart(name, { spawnFirst: false });
    const seen: SeenEvent[] = [];
    while (seen.length < 3) seen.push((await events.next()).value as SeenEvent);
    await events.return(undefined);
    const [old, next] = [
      host.serving.daemon.manager.get(name).exits[0],
      host.serving.daemon.manager.get(name).processes[0],
    ];
    expect(brief(seen)).toEqual([
      `exit: {"pid":${old?.id},"exit_status":null,"term_signal":"SIGTERM"}`,
      `spawn: {"pid":${next?.id},"os_pid":${next?.osPid}}`,
      "out: hello",
    ]);
  });

  test("ends when the template is deleted", async () => {
    await run("echo hello; exec sleep 60");
    const name = host.lastName;
    const answer = await get(`/streams/${name}/out?feed=eventsource`);
    const text = answer.arrayBuffer();
    const [process] = host.serving.daemon.manager.get(name).processes;
    await waitFor(() => host.serving.cursorCount() === 1 && process?.rings.get("out")?.head === 6, "the line's reader");
    await host.serving.daemon.manager.delete(name);
    const events = await eventsOf(new Uint8Array(await text));
    expect(events.map(({ event }) => event)).toEqual(["out", "exit"]);
  });
});

describe("an invalid request", () => {
  test.each([
    ["/streams/999999", 404, "not_found", undefined],
    ["/streams/nobody", 404, "not_found", undefined],
    ["/streams/{id}/nolabel", 404, "io_not_found", undefined],
    ["/streams/{id}?feed=sse", 400, "bad_value", "feed"],
    ["/streams/{id}?format=xml", 400, "bad_value", "format"],
    ["/streams/{id}?tail=-1", 400, "bad_value", "tail"],
    ["/streams/{id}?tail=1.5", 400, "bad_value", "tail"],
    ["/streams/{id}?since=yesterday", 400, "bad_value", "since"],
    ["/streams/{id}?since=r!", 400, "bad_value", "since"],
    ["/streams/{id}?tail=1&since=5m", 400, "bad_value", "tail"],
    ["/streams/{id}?follow=maybe", 400, "bad_value", "follow"],
    ["/streams/{id}?lossless=2", 400, "bad_value", "lossless"],
    ["/streams/{id}?heartbeat=soon", 400, "bad_value", "heartbeat"],
    ["/streams/{id}?heartbeat=0", 400, "bad_value", "heartbeat"],
  ])("%s is %d %s", async (path, status, error, field) => {
    const id = await run("sleep 60");
    const answer = await get(path.replace("{id}", String(id)));
    const body = (await answer.json()) as { error: string; field?: string; message: string };
    expect([answer.status, body.error, body.field]).toEqual([status, error, field]);
    expect(body.message.length).toBeGreaterThan(10);
  });

  test.each(["1.5", "-1", "1e3", "0x1"])("the pid %s is not a whole number: 400 bad_value", async (pid) => {
    const answer = await get(`/streams/${pid}`);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: "bad_value", field: "pid" }]);
  });

  test("an output that is not redirected is 400 io_not_redirected", async () => {
    const id = await run("sleep 60", { redirect_output: [] });
    const answer = await get(`/streams/${id}/out`);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: "io_not_redirected" }]);
  });
});

test("10,000 readers that each read one event and disconnect leave no cursor, listener or descriptor behind", async () => {
  const id = await run("echo hello; sleep 600");
  await waitFor(() => held(id)?.head === 6, "the line");
  const readAndDisconnect = async () => {
    for (let count = 0; count < 500; count++) {
      const events = readEvents((await get(`/streams/${id}/out?feed=eventsource`)).body);
      expect((await events.next()).value?.data).toBe("hello");
      await events.return(undefined);
    }
  };
  await Promise.all(Array.from({ length: 20 }, readAndDisconnect));
  await waitFor(
    () => host.serving.cursorCount() === 0 && host.serving.daemon.manager.readerCount() === 0,
    "the end of all cursors",
  );
}, 120_000);
