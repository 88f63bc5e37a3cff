import { describe, expect, test } from "bun:test";
import { lockstep } from "../../supervisor/lockstep.ts";
import { waitFor } from "../../wait-for.ts";
import { readEvents, type SeenEvent } from "../feed/event-stream.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const { run } = host;
const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);
const held = (id: number, label = "out") => host.serving.process(id).rings.get(label);
const ended = (id: number) => waitFor(() => host.serving.process(id).outputEnded, `the end of process ${id}`);
async function eventsAt(path: string, init?: RequestInit): Promise<SeenEvent[]> {
  return await Array.fromAsync(readEvents((await get(path, init)).body));
}
const reads = { redirect_input: true };
/** Events without their ids, in a short form. */
const brief = (events: readonly SeenEvent[]) => events.map(({ event, data }) => `${event}: ${data}`);

describe("feed=eventsource", () => {
  test("sends lines with their label, then the exit, then ends", async () => {
    const id = await run("echo one; read go; echo bad >&2; read go; printf 'two\\nthree\\n'; exit 3", reads);
    const answer = await get(`/streams/${id}?feed=eventsource`);
    await lockstep(host.serving.process(id), 2);
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const events = await Array.fromAsync(readEvents(answer.body));
    expect(brief(events)).toEqual([
      "out: one",
      "err: bad",
      "out: two\nthree",
      `exit: {"pid":${id},"exit_status":3,"term_signal":null}`,
    ]);
  });

  test("sends the headers and the first line at once, not when the process ends", async () => {
    const id = await run("sleep 0.2; echo late; sleep 60");
    const answer = await get(`/streams/${id}/out?feed=eventsource`);
    const events = readEvents(answer.body);
    expect((await events.next()).value?.data).toBe("late");
    await events.return(undefined);
  });

  test("reports the signal that ended a process", async () => {
    const id = await run("kill -SEGV $$");
    expect(brief(await eventsAt(`/streams/${id}?feed=eventsource`))).toEqual([
      `exit: {"pid":${id},"exit_status":null,"term_signal":"SIGSEGV"}`,
    ]);
  });

  test("a client that reconnects with its last id gets every later byte exactly once", async () => {
    const id = await run("for i in 1 2 3 4 5; do echo o$i; read go; echo e$i >&2; read go; done", reads);
    await lockstep(host.serving.process(id), 10);
    await ended(id);
    const path = `/streams/${id}?feed=eventsource`;
    const all = await eventsAt(path);
    expect(all).toHaveLength(11);
    for (const [index, { id: lastId }] of all.slice(0, -1).entries()) {
      expect(await eventsAt(path, { headers: { "last-event-id": lastId } })).toEqual(all.slice(index + 1));
      expect(await eventsAt(`${path}&since=${lastId}`)).toEqual(all.slice(index + 1));
    }
  });

  test("`Last-Event-ID` takes precedence over `since`", async () => {
    const id = await run("echo a; read go; echo b", reads);
    await lockstep(host.serving.process(id), 1);
    await ended(id);
    const path = `/streams/${id}?feed=eventsource`;
    const all = await eventsAt(path);
    const first = all[0]?.id ?? "";
    expect(await eventsAt(`${path}&since=10s`, { headers: { "last-event-id": first } })).toEqual(all.slice(1));
  });

  test("a client that reconnects after the exit gets 204, which makes it stop", async () => {
    const id = await run("echo a");
    await ended(id);
    const lastId = (await eventsAt(`/streams/${id}?feed=eventsource`)).at(-1)?.id ?? "";
    const answer = await get(`/streams/${id}?feed=eventsource`, { headers: { "last-event-id": lastId } });
    expect(answer.status).toBe(204);
  });

  test("a gap event reports bytes that are no longer held", async () => {
    const id = await run("echo first; read go; head -c 9000 /dev/zero | tr '\\0' x; echo; echo last", {
      ...reads,
      output_buffer: 4096,
    });
    const early = readEvents((await get(`/streams/${id}/out?feed=eventsource`)).body);
    const first = (await early.next()).value;
    await early.return(undefined);
    await lockstep(host.serving.process(id), 1);
    await ended(id);
    const head = held(id)?.head ?? 0;
    const [gap, ...rest] = await eventsAt(`/streams/${id}/out?feed=eventsource`, {
      headers: { "last-event-id": first?.id ?? "" },
    });
    expect(gap?.event).toBe("gap");
    expect(JSON.parse(gap?.data ?? "")).toEqual({
      pid: id,
      stream: "out",
      bytes: head - 4096 - 6,
      from: 6,
      to: head - 4096,
    });
    expect(rest[0]?.data).toEndWith("x\nlast");
  });

  test("an id of an earlier run of the daemon returns a gap, then all buffered output", async () => {
    const id = await run("echo a");
    await ended(id);
    const events = await eventsAt(`/streams/${id}/out?feed=eventsource`, { headers: { "last-event-id": "r1.1.1-5" } });
    expect(brief(events).slice(0, 2)).toEqual([`gap: {"bytes":null,"from":null,"to":null}`, "out: a"]);
  });

  test("lines that arrive together are sent in one event, up to 60 KiB", async () => {
    const id = await run("seq 1 20000");
    await ended(id);
    const events = await eventsAt(`/streams/${id}/out?feed=eventsource`);
    const lines = events.filter(({ event }) => event === "out").map(({ data }) => data);
    expect(lines.join("\n")).toBe(Array.from({ length: 20_000 }, (_, index) => index + 1).join("\n"));
    expect(lines.length).toBeLessThan(8);
    expect(Math.max(...lines.map((each) => each.length))).toBeLessThanOrEqual(61_440);
  });

  test("a client that was disconnected before its first event can resume", async () => {
    const id = await run("sleep 0.2; echo one; echo two");
    const reader = (await get(`/streams/${id}/out?feed=eventsource&tail=0`)).body?.getReader();
    const greeting = Buffer.from((await reader?.read())?.value ?? []).toString();
    await reader?.cancel();
    await ended(id);
    const [, lastId = ""] = /^id: (.*)\n\n$/.exec(greeting) ?? [];
    const events = await eventsAt(`/streams/${id}/out?feed=eventsource`, { headers: { "last-event-id": lastId } });
    expect(events[0]?.data).toBe("one\ntwo");
  });

  test("a prompt without a newline is sent after 100 ms of silence", async () => {
    const id = await run("printf 'name? '; sleep 60");
    const events = readEvents((await get(`/streams/${id}/out?feed=eventsource`)).body);
    expect((await events.next()).value?.data).toBe("name? ");
    await events.return(undefined);
  });

  test("a heartbeat is a comment line", async () => {
    const id = await run("sleep 60");
    const body = (await get(`/streams/${id}/out?feed=eventsource&heartbeat=0.1`)).body;
    const reader = body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toStartWith("id: ");
    for (let count = 0; count < 2; count++) {
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(":\n\n");
    }
    await reader?.cancel();
  });

  test("format=json contains pid, name, stream, time and data; format=base64 preserves every byte", async () => {
    const id = await run("printf 'a\\377\\nb\\n'");
    await ended(id);
    const [json] = await eventsAt(`/streams/${id}/out?feed=eventsource&format=json`);
    const { time, ...rest } = JSON.parse(json?.data ?? "");
    expect(rest).toEqual({ pid: id, name: host.lastName, stream: "out", data: "a\uFFFD\nb\n" });
    expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(10_000);
    const [base64] = await eventsAt(`/streams/${id}/out?feed=eventsource&format=base64`);
    expect(Buffer.from(base64?.data ?? "", "base64")).toEqual(Buffer.from("a\xff\nb\n", "latin1"));
  });
});
