import { describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { processSource, scopeOf } from "../../../src/reading/output-source.ts";
import { formatStreamId } from "../../../src/http/feed/stream-id.ts";
import { lockstep } from "../../supervisor/lockstep.ts";
import { waitFor } from "../../wait-for.ts";
import { eventsOf, readEvents, type SeenEvent } from "../feed/event-stream.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const { run } = host;

const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);
const textOf = async (path: string) => await (await get(path)).text();
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

describe("feed=continuous", () => {
  test("sends every byte unchanged until the process ends", async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7 + (index >> 8)) & 255));
    const file = `/tmp/gafferd-test-${process.pid}-bytes`;
    await Bun.write(file, bytes);
    const id = await run(`sleep 0.05; cat ${file}`);
    const answer = await get(`/streams/${id}/out?feed=continuous`);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
    await Bun.file(file).delete();
  });

  test("a reader that falls behind is disconnected without the end of its response, and the log says so", async () => {
    const id = await run("yes", { output_buffer: 65_536 });
    const answer = await get(`/streams/${id}/out?feed=continuous`);
    const reader = answer.body?.getReader();
    await reader?.read();
    await waitFor(
      () => host.serving.warnings.some((line) => line.includes(`disconnected a reader of /streams/${id}/out`)),
      "the warning",
      20_000,
    );
    const drain = async () => {
      for (;;) if ((await reader?.read())?.done) return "ended as if it were complete";
    };
    expect(await drain().catch(() => "broken")).toBe("broken");
  });

  test("bytes lost before the first byte are counted in `X-Gaffer-Gap`", async () => {
    const id = await run("head -c 9000 /dev/zero | tr '\\0' x", { output_buffer: 4096 });
    await ended(id);
    const early = beginningOf(id, "out");
    const answer = await get(`/streams/${id}/out?feed=continuous&since=${early}`);
    expect(answer.headers.get("x-gaffer-gap")).toBe(String(9000 - 4096));
    expect((await answer.text()).length).toBe(4096);
    const foreign = await get(`/streams/${id}/out?feed=continuous&since=r1.1.1-0`);
    expect(foreign.headers.get("x-gaffer-gap")).toBe("unknown");
    await foreign.body?.cancel();
  });

  test("format=json sends one line of JSON per piece of output", async () => {
    const id = await run("echo a; read go; echo b", reads);
    await lockstep(host.serving.process(id), 1);
    await ended(id);
    const answer = await get(`/streams/${id}/out?feed=continuous&format=json`);
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    const lines = (await answer.text()).trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line).data)).toEqual(["a\n", "b\n"]);
  });

  test.each(["eventsource", "continuous"])(
    "follow=until-exit ends the %s stream of a template when it has exited, stopped or cannot run, with all its output",
    async (feed) => {
      const path = () => `/streams/${host.lastName}?feed=${feed}&follow=until-exit`;
      await host.run("sleep 0.1; echo last; printf end");
      expect(await textOf(path())).toMatch(/last\n(.*\n)*(data: )?end/);
      await host.run("echo up; exec sleep 60");
      const stopped = textOf(path());
      await waitFor(() => host.serving.cursorCount() > 0, "the reader");
      await host.serving.daemon.manager.stop(host.lastName);
      expect(await stopped).toContain("up");
      const flapping = { attempts: 1, window: 60, retry_in: 1, max_retry: 0 };
      await host.run("echo up", { restart: "always", flapping });
      await waitFor(() => host.serving.daemon.manager.get(host.lastName).status().state === "fatal", "the state fatal");
      expect(await textOf(path())).toContain("up");
      await host.serving.create({ name: "never", cmd: "true", start: false });
      expect(await textOf("/streams/never?feed=continuous&follow=until-exit")).toBe("");
    },
  );

  test("follow=until-exit continues while a template runs; a reader that reconnects after the end gets 204", async () => {
    const id = await host.run("echo one; exec sleep 60", { restart: "always" });
    const path = `/streams/${host.lastName}?feed=eventsource&follow=until-exit`;
    const text = textOf(path);
    await waitFor(() => host.serving.cursorCount() > 0, "the reader");
    await host.serving.daemon.manager.stopProcess(id);
    const follower = () => host.serving.daemon.manager.get(host.lastName).processes.find((each) => each.id !== id);
    await waitFor(() => follower()?.rings.get("out")?.head === 4, "the output of the next process");
    await host.serving.daemon.manager.stop(host.lastName);
    const seen = await text;
    expect(seen.match(/data: one/g)).toHaveLength(2);
    const lastId =
      seen
        .match(/^id: (.*)$/gm)
        ?.at(-1)
        ?.slice(4) ?? "";
    const again = await fetch(`${host.serving.url}${path}`, { headers: { "last-event-id": lastId } });
    expect(again.status).toBe(204);
    expect((await fetch(`${host.serving.url}/streams/${host.lastName}?follow=until-exit&since=${lastId}`)).status).toBe(
      204,
    );
  });

  test("follow=false ends when all buffered output was sent, including an incomplete line", async () => {
    const id = await run("printf 'a\\nb'; sleep 60");
    await waitFor(() => held(id)?.head === 3, "the output");
    expect(await textOf(`/streams/${id}/out?feed=continuous&follow=false`)).toBe("a\nb");
  });
});

describe("feed=longpoll", () => {
  test("is the default, waits for output and returns the available output", async () => {
    const id = await run("sleep 0.1; echo a; sleep 60");
    const answer = await get(`/streams/${id}/out`);
    expect(await answer.text()).toBe("a\n");
    expect(answer.headers.get("x-gaffer-next")).not.toBeNull();
  });

  test("polling with `X-Gaffer-Next` loses no output and ends with 204", async () => {
    const id = await run("for i in $(seq 1 200); do echo line $i; echo more; done; sleep 0.05; seq 1 30000");
    let text = "";
    let next = "";
    for (;;) {
      const answer = await get(`/streams/${id}/out${next && `?since=${next}`}`);
      if (answer.status === 204) break;
      text += await answer.text();
      next = answer.headers.get("x-gaffer-next") ?? "";
    }
    const ring = held(id);
    expect(text).toBe(Buffer.from(ring?.copy(0, ring.head) ?? []).toString());
  });

  test("lost bytes are counted in `X-Gaffer-Gap`", async () => {
    const id = await run("head -c 9000 /dev/zero | tr '\\0' x", { output_buffer: 4096 });
    await ended(id);
    const early = beginningOf(id, "out");
    const answer = await get(`/streams/${id}/out?since=${early}`);
    expect(answer.headers.get("x-gaffer-gap")).toBe(String(9000 - 4096));
    expect((await answer.text()).length).toBe(4096);
  });

  test("returns an empty response with `X-Gaffer-Next` after the heartbeat time", async () => {
    const id = await run("sleep 60");
    const answer = await get(`/streams/${id}/out?heartbeat=0.1`);
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(answer.headers.get("x-gaffer-next")).not.toBeNull();
  });

  test("a client that disconnects while waiting leaves no reader behind", async () => {
    const id = await run("sleep 60");
    const controller = new AbortController();
    const answer = get(`/streams/${id}/out`, { signal: controller.signal }).catch(() => "left");
    await waitFor(() => host.serving.cursorCount() === 1, "the poll");
    controller.abort();
    expect(await answer).toBe("left");
    await waitFor(() => host.serving.cursorCount() === 0, "the end of its cursor");
  });
});

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

/** The id of a reader of one output at offset 0. */
function beginningOf(id: number, label: string): string {
  const { supervisor, process } = host.serving.daemon.manager.findProcess(id);
  const source = processSource(supervisor, process);
  const scope = scopeOf(source, label);
  const nothing = { order: 0, floor: 0, spawnFloor: 0, given: 0, ahead: [], piece: undefined, hasGaps: false };
  return formatStreamId({ serial: supervisor.ranks.serial, scope, ...nothing });
}

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
    const { hostname, port } = new URL(host.serving.url);
    const chunks: Buffer[] = [];
    const client = connect(Number(port), hostname);
    client.write(`GET /streams/${id}/out?feed=continuous&lossless=true HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    let pauses = 0;
    client.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      if (chunks.length % 50 !== 0 || ++pauses > 60) return;
      client.pause();
      setTimeout(() => client.resume(), 5);
    });
    await waitFor(
      () => Buffer.concat(chunks.slice(-2)).toString("latin1").endsWith("\r\n0\r\n\r\n"),
      "the end",
      30_000,
    );
    client.destroy();
    const answer = Buffer.concat(chunks);
    const body = unchunk(answer.subarray(answer.indexOf("\r\n\r\n") + 4));
    let expected = "";
    for (let number = 1; number <= 6_000_000; number++) expected += `${number}\n`;
    expect(body.equals(Buffer.from(expected))).toBe(true);
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
    const [first, ...others] = await Promise.all(bodies);
    expect(others.every((each) => first?.equals(each))).toBe(true);
    const events = await eventsOf(first ?? new Uint8Array());
    const lines = events.filter(({ event }) => event === "out").map(({ data }) => data);
    expect(lines.join("\n")).toBe(Array.from({ length: 200_000 }, (_, index) => index + 1).join("\n"));
  });
});

test("10,000 readers that each read one event and disconnect leave no cursor, listener or descriptor behind", async () => {
  const id = await run("echo hello; sleep 600");
  await waitFor(() => held(id)?.head === 6, "the line");
  const comeAndGo = async () => {
    for (let count = 0; count < 500; count++) {
      const events = readEvents((await get(`/streams/${id}/out?feed=eventsource`)).body);
      expect((await events.next()).value?.data).toBe("hello");
      await events.return(undefined);
    }
  };
  await Promise.all(Array.from({ length: 20 }, comeAndGo));
  await waitFor(
    () => host.serving.cursorCount() === 0 && host.serving.daemon.manager.readerCount() === 0,
    "the end of all cursors",
  );
}, 120_000);
