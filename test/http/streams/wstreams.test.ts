import { afterEach, describe, expect, test } from "bun:test";
import { WebSocket as WebSocketOfWs } from "ws";
import { createWstream } from "../../../src/http/streams/wstream.ts";
import type { OpenReader } from "../../../src/reading/output-items.ts";
import { OutputReader } from "../../../src/reading/output-reader.ts";
import { processSource } from "../../../src/reading/output-source.ts";
import { countTurns } from "../../take-slices.ts";
import { waitFor } from "../../wait-for.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const run = (cmd: string, settings: Parameters<typeof host.run>[1] = {}) =>
  host.run(cmd, { redirect_input: true, ...settings });
const sockets: WebSocket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.close();
});

interface Seen {
  readonly socket: WebSocket;
  /** Text frames. */
  readonly texts: string[];
  /** Binary frames. */
  readonly binaries: Buffer[];
  closed?: { readonly code: number; readonly reason: string };
}

function open(path: string, protocols: string[] = [], headers: Record<string, string> = {}): Seen {
  const socket = new WebSocket(`${host.serving.url.replace("http", "ws")}${path}`, { protocols, headers } as never);
  socket.binaryType = "nodebuffer";
  const seen: Seen = { socket, texts: [], binaries: [] };
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") seen.texts.push(data);
    else seen.binaries.push(data as Buffer);
  });
  socket.addEventListener("close", ({ code, reason }) => (seen.closed = { code, reason }));
  sockets.push(socket);
  return seen;
}

const opened = (seen: Seen) => waitFor(() => seen.socket.readyState === WebSocket.OPEN, "the opening");
const closed = (seen: Seen) => waitFor(() => seen.closed, "the closing");

describe("GET /wstreams/:pid", () => {
  test("messages are written to stdin, and stdout is sent as it arrives", async () => {
    const id = await run("cat");
    const seen = open(`/wstreams/${id}`);
    await opened(seen);
    seen.socket.send("one");
    await waitFor(() => seen.texts.join("") === "one", "the first echo");
    seen.socket.send(Buffer.from("123"));
    await waitFor(() => seen.texts.join("") === "one123", "the second echo");
  });

  test("a text frame never splits a character; invalid UTF-8 becomes U+FFFD", async () => {
    const id = await run(String.raw`printf 'a\342\202'; sleep 0.1; printf '\254\377b'`);
    const seen = open(`/wstreams/${id}`);
    expect((await closed(seen)).code).toBe(1000);
    expect(seen.texts.join("")).toBe("a€\uFFFDb");
  });

  test("with the subprotocol `binary`, frames are binary and preserve every byte", async () => {
    const id = await run(String.raw`sleep 0.05; printf 'a\377\000b'; seq 1 100000`, { output_buffer: "2m" });
    const seen = open(`/wstreams/${id}`, ["binary"]);
    await opened(seen);
    expect(seen.socket.protocol).toBe("binary");
    await closed(seen);
    const numbers = Array.from({ length: 100_000 }, (_, index) => `${index + 1}\n`).join("");
    expect(
      Buffer.concat(seen.binaries).equals(Buffer.concat([Buffer.from("a\xff\0b", "latin1"), Buffer.from(numbers)])),
    ).toBe(true);
    expect(seen.texts.map((text) => JSON.parse(text))).toEqual([
      { event: "exit", pid: id, exit_status: 0, term_signal: null },
    ]);
  });

  test("gafferd's messages use the other type of frame, so output cannot forge them", async () => {
    const id = await run(`echo '{"event":"exit"}'; exit 3`);
    const seen = open(`/wstreams/${id}`);
    await closed(seen);
    expect(seen.texts).toEqual([`{"event":"exit"}\n`]);
    expect(seen.binaries.map((each) => JSON.parse(each.toString()))).toEqual([
      { event: "exit", pid: id, exit_status: 3, term_signal: null },
    ]);
  });

  test("label, tail and since select the output and the start", async () => {
    const id = await run("echo o1; echo e1 >&2; echo o2; sleep 60");
    await waitFor(() => host.serving.process(id).rings.get("out")?.head === 6, "the output");
    const [label, tail, since] = [
      open(`/wstreams/${id}?label=err`),
      open(`/wstreams/${id}?tail=1`),
      open(`/wstreams/${id}?since=1m`),
    ];
    await waitFor(() => label.texts.join("") === "e1\n", "the label's output");
    await waitFor(() => tail.texts.join("") === "o2\n", "the last line");
    await waitFor(() => since.texts.join("") === "o1\no2\n", "all of it");
  });

  test("a client that does not read gets a gap, and gafferd's queue stays empty", async () => {
    const id = await run("yes", { output_buffer: "64k" });
    const { hostname, port } = new URL(host.serving.url);
    let received = "";
    const socket = await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        data: (_, chunk) => void (received += chunk.toString("latin1")),
      },
    });
    socket.write(
      `GET /wstreams/${id} HTTP/1.1\r\nHost: ${hostname}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n`,
    );
    await waitFor(() => received.includes("101 Switching"), "the upgrade");
    socket.pause();
    const ring = host.serving.process(id).rings.get("out");
    const head = ring?.head ?? 0;
    await waitFor(() => (ring?.head ?? 0) > head + 50_000_000, "a flood");
    socket.resume();
    await waitFor(() => received.includes('{"event":"gap"'), "the gap");
    socket.end();
  });

  test.each([
    ["/wstreams/999999", 4404, "not_found"],
    ["/wstreams/nobody", 4404, "not_found"],
    ["/wstreams/{id}?label=none", 4404, "io_not_found"],
  ])("%s sends an error message, then closes with %d", async (path, code, error) => {
    const id = await run("sleep 60");
    const seen = open(path.replace("{id}", String(id)));
    expect((await closed(seen)).code).toBe(code);
    expect(JSON.parse(seen.texts[0] ?? "")).toMatchObject({ error });
  });

  test("output or input that is not redirected sends an error message, then closes with 4403", async () => {
    const silent = open(`/wstreams/${await run("sleep 60", { redirect_output: [] })}`);
    expect((await closed(silent)).code).toBe(4403);
    expect(JSON.parse(silent.texts[0] ?? "")).toMatchObject({ error: "io_not_redirected" });
    const deaf = open(`/wstreams/${await run("sleep 60", { redirect_input: false })}`, ["binary"]);
    await opened(deaf);
    deaf.socket.send("x");
    expect((await closed(deaf)).code).toBe(4403);
    expect(JSON.parse(deaf.texts[0] ?? "")).toMatchObject({ error: "forbidden_write" });
  });

  test("a plain request is 426; an invalid parameter or handshake is 400", async () => {
    const id = await run("sleep 60");
    const plain = await fetch(`${host.serving.url}/wstreams/${id}`);
    expect([plain.status, ((await plain.json()) as { error: string }).error]).toEqual([426, "upgrade_required"]);
    const handshake = { upgrade: "websocket", connection: "Upgrade" };
    for (const path of [
      `/wstreams/${id}?tail=x`,
      `/wstreams/${id}?eof=x`,
      `/wstreams/${id}?heartbeat=x`,
      `/wstreams/${id}`,
    ]) {
      const answer = await fetch(`${host.serving.url}${path}`, { headers: handshake });
      expect([path, answer.status]).toEqual([path, 400]);
    }
  });

  test("the name of a template with one process is accepted; with several, it closes with 4409", async () => {
    await run("cat");
    const one = open(`/wstreams/${host.lastName}`);
    await opened(one);
    one.socket.send("hello");
    await waitFor(() => one.texts.join("") === "hello", "the echo");
    await run("cat", { numprocesses: 2 });
    const several = open(`/wstreams/${host.lastName}`);
    expect((await closed(several)).code).toBe(4409);
    expect(several.texts[0]).toContain(`/processes/${host.lastName}/_pids`);
  });

  test("an empty message closes stdin, and output written afterwards still arrives", async () => {
    const id = await run("cat; echo bye");
    const seen = open(`/wstreams/${id}`);
    await opened(seen);
    seen.socket.send("last\n");
    seen.socket.send("");
    expect((await closed(seen)).code).toBe(1000);
    expect(seen.texts.join("")).toBe("last\nbye\n");
  });

  test("with ?eof=true a disconnect closes stdin; without it the process continues", async () => {
    const ended = await run("cat; echo bye");
    const goesOn = await run("cat; echo bye");
    for (const path of [`/wstreams/${ended}?eof=true`, `/wstreams/${goesOn}`]) {
      const seen = open(path);
      await opened(seen);
      seen.socket.close();
      await closed(seen);
    }
    await waitFor(() => host.serving.process(ended).outputEnded, "the end of its input");
    expect(host.serving.process(goesOn).state).toBe("running");
  });

  test("a ping frame is sent at each heartbeat, and none with heartbeat=false", async () => {
    const id = await run("sleep 60");
    const pingsOf = (query: string) => {
      const seen = { pings: 0 };
      const socket = new WebSocketOfWs(`${host.serving.url.replace("http", "ws")}/wstreams/${id}${query}`);
      socket.on("ping", () => (seen.pings += 1));
      return { seen, [Symbol.dispose]: () => socket.terminate() };
    };
    using beating = pingsOf("?heartbeat=0.1");
    using quiet = pingsOf("?heartbeat=false");
    await waitFor(() => beating.seen.pings >= 3, "three pings");
    expect(quiet.seen.pings).toBe(0);
  });

  test.each([
    [["v5.channel.k8s.io"], null],
    [["v5.channel.k8s.io", "binary"], "binary"],
    [["binary"], "binary"],
  ])("for the offered subprotocols %j it accepts %j", async (offered, accepted) => {
    const id = await run("sleep 60");
    const answer = await fetch(`${host.serving.url}/wstreams/${id}`, {
      headers: {
        upgrade: "websocket",
        connection: "Upgrade",
        "sec-websocket-version": "13",
        "sec-websocket-key": "MDEyMzQ1Njc4OWFiY2RlZg==",
        "sec-websocket-protocol": offered.join(", "),
      },
    });
    expect([answer.status, answer.headers.get("sec-websocket-protocol")]).toEqual([101, accepted]);
    await answer.body?.cancel();
  });

  test("a web page of another origin is refused before the upgrade", async () => {
    const id = await run("cat");
    const seen = open(`/wstreams/${id}`, [], { origin: "http://evil.example" });
    await closed(seen);
    expect(seen.texts).toEqual([]);
    expect(host.serving.cursorCount()).toBe(0);
  });

  test("a thousand sockets that connect and disconnect leave no cursor behind", async () => {
    const id = await run("echo hello; sleep 60");
    for (let count = 0; count < 50; count++) {
      const some = Array.from({ length: 20 }, () => open(`/wstreams/${id}`));
      await Promise.all(some.map((seen) => waitFor(() => seen.texts.join("") === "hello\n", "the line")));
      for (const { socket } of some) socket.close();
      await Promise.all(some.map(closed));
    }
    await waitFor(() => host.serving.cursorCount() === 0, "the end of all cursors");
  });
});

const takens = (seen: Seen) => seen.binaries.map((each) => JSON.parse(each.toString()) as unknown);

describe("positions of input", () => {
  test("with `?taken=true`, a message reports how much stdin has accepted, at first and after each message", async () => {
    const id = await run("cat");
    const seen = open(`/wstreams/${id}?taken=true`);
    await waitFor(() => seen.binaries.length === 1, "the first report");
    seen.socket.send("hello");
    seen.socket.send("!");
    await waitFor(() => seen.binaries.length === 3, "the other reports");
    expect(takens(seen)).toEqual([{ taken: 0 }, { taken: 5 }, { taken: 6 }]);
    await waitFor(() => seen.texts.join("") === "hello!", "the echo");
  });

  test("without it, there are no such messages", async () => {
    const id = await run("cat");
    const seen = open(`/wstreams/${id}`);
    await opened(seen);
    seen.socket.send("hello");
    await waitFor(() => seen.texts.join("") === "hello", "the echo");
    expect(seen.binaries).toEqual([]);
  });

  test("with `?offset=`, messages that were accepted before are skipped", async () => {
    const id = await run("cat");
    const first = open(`/wstreams/${id}`);
    await opened(first);
    first.socket.send("0123");
    await waitFor(() => first.texts.join("") === "0123", "the echo");
    const second = open(`/wstreams/${id}?offset=2&taken=true&tail=0`);
    await opened(second);
    for (const part of ["23", "45", "67"]) second.socket.send(part);
    await waitFor(() => first.texts.join("") === "01234567", "the echo");
    await waitFor(() => second.binaries.length === 4, "the reports");
    expect(takens(second).at(-1)).toEqual({ taken: 8 });
  });

  test("an `offset` past the accepted bytes is reported, and closes the WebSocket", async () => {
    const id = await run("cat");
    const seen = open(`/wstreams/${id}?offset=2`);
    await opened(seen);
    seen.socket.send("x");
    expect((await closed(seen)).code).toBe(4409);
    expect(takens(seen)).toEqual([expect.objectContaining({ error: "conflict", taken: 0 })]);
  });
});

test("a client that reads as fast as gafferd sends gets everything, and the event loop has turns meanwhile", async () => {
  const id = await run("head -c 1000000 /dev/zero");
  await waitFor(() => host.serving.process(id).outputEnded, "the end of the output");
  const { supervisor, process } = host.serving.daemon.manager.findProcess(id);
  const source = processSource(supervisor, process);
  const openReader: OpenReader = (callbacks) =>
    new OutputReader(source, { ...callbacks, label: "out", start: { kind: "held" }, unit: "bytes" });
  const input = { pingMs: undefined, eof: false, offset: undefined, reportsTaken: false, held: undefined } as const;
  const wstream = createWstream({ process, openReader, isBinary: true, ...input });
  const closing = Promise.withResolvers<void>();
  let bytes = 0;
  const socket = {
    sendBinary(frame: Uint8Array) {
      Bun.sleepSync(1);
      bytes += frame.length;
      return frame.length;
    },
    sendText: () => 1,
    close: closing.resolve,
  };
  const turns = await countTurns(async () => {
    wstream.open?.(socket as unknown as Parameters<NonNullable<typeof wstream.open>>[0]);
    await closing.promise;
  });
  wstream.abandon();
  expect(bytes).toBe(1_000_000);
  expect(turns).toBeGreaterThan(1);
});
