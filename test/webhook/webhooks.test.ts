import { expect, test } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { temporaryFolder } from "../http/listen/listening.ts";
import { waitFor } from "../wait-for.ts";
import { freePort, receive, type Received, verify } from "./receiver.ts";
import { send } from "./sending.ts";

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const namesOf = (received: readonly Received[]) => received.map(({ body }) => body.name);
/** A body that begins and goes on no further. */
const endless = () =>
  new Response(new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode("x")) }));
const ten = Array.from({ length: 10 }, (_, index) => `t${index}`);

test("the body is the event as /watch tells it, with an id of its own and its seq", async () => {
  await using receiver = receive();
  await using sending = await send({ hooks: { ".": [receiver.url] } });
  sending.bus.publish({ type: "spawn", name: "web", id: 7, osPid: 4711, slot: 0, detached: false });
  await waitFor(() => receiver.accepted.length === 1, "the event");
  const [{ id, body, headers }] = receiver.accepted as [Received];
  expect(body).toEqual({
    id,
    seq: 1,
    event: "spawn",
    name: "web",
    pid: 7,
    os_pid: 4711,
    slot: 0,
    detached: false,
    time: expect.any(String),
  } as never);
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("user-agent")).toBe("gafferd/1.2.3");
  expect(headers.has("webhook-signature")).toBe(false);
});

test("with a secret it is signed as Standard Webhooks says, with or without whsec_", async () => {
  await using receiver = receive();
  for (const given of [secret, secret.slice("whsec_".length)]) {
    await using sending = await send({ hooks: { ".": [receiver.url] }, secret: given });
    sending.publish("müller");
    await waitFor(() => receiver.accepted.length > 0, "the event");
    const received = receiver.accepted.pop() as Received;
    expect(verify(given, received)).toEqual(received.body);
    expect(() => verify(`whsec_${"A".repeat(32)}`, received)).toThrow("No matching signature");
  }
});

test("patterns choose events; an event that two patterns of a URL match is sent to it once", async () => {
  await using receiver = receive();
  await using other = receive();
  const hooks = { "proc.my.app": [receiver.url], create: [receiver.url, other.url], "proc.my.app.exit": [other.url] };
  await using sending = await send({ hooks });
  sending.bus.publish({ type: "create", name: "my.app" });
  sending.bus.publish({ type: "stop", name: "my.app" });
  sending.bus.publish({ type: "stop", name: "my" });
  sending.bus.publish({ type: "create", name: "my" });
  await waitFor(() => receiver.accepted.length === 3 && other.accepted.length === 2, "the events");
  expect(receiver.accepted.map(({ body }) => `${body.event} ${body.name}`)).toEqual([
    "create my.app",
    "stop my.app",
    "create my",
  ]);
  expect(namesOf(other.accepted)).toEqual(["my.app", "my"]);
  expect(receiver.accepted[0]?.id).toBe(other.accepted[0]?.id ?? "");
});

test("a slow receiver gets one event at a time, in order", async () => {
  await using receiver = receive(async () => {
    await Bun.sleep(2);
    return new Response(null, { status: 204 });
  });
  await using sending = await send({ hooks: { ".": [receiver.url] } });
  sending.publish(...ten);
  await waitFor(() => receiver.accepted.length === 10, "all events");
  expect(namesOf(receiver.received)).toEqual(ten);
  expect(receiver.together).toBe(1);
});

test.each([
  ["500", () => new Response("no", { status: 500 }), "the answer was 500"],
  ["404", () => new Response("no", { status: 404 }), "the answer was 404"],
  [
    "a redirect",
    () => Response.redirect("http://127.0.0.1:1/", 307),
    "the answer was 307, and redirects are not followed",
  ],
])("what is answered with %s is sent again, in order and with the same id", async (_, refusal, error) => {
  await using receiver = receive((__, count) => (count % 3 === 0 ? new Response("ok") : refusal()));
  await using sending = await send({ hooks: { ".": [receiver.url] } });
  sending.publish(...ten);
  await waitFor(() => receiver.accepted.length === 10, "all events");
  expect(namesOf(receiver.accepted)).toEqual(ten);
  expect(receiver.received).toHaveLength(30);
  for (const [index, { id }] of receiver.received.entries()) {
    expect(id).toBe(receiver.accepted[Math.floor(index / 3)]?.id ?? "");
  }
  const [sender] = sending.webhooks.list();
  await waitFor(() => sender?.counts.delivered === 10, "the last count");
  expect(sender?.counts).toEqual({ delivered: 10, failed: 20, givenUp: 0, dropped: 0 });
  expect(sender?.attempts.slice(0, 3)).toMatchObject([
    { number: 1, error, nextTryAtMs: expect.any(Number) },
    { number: 2, error, nextTryAtMs: expect.any(Number) },
    { number: 3, status: 200 },
  ]);
});

test("a receiver that is down gets everything once it is up", async () => {
  const port = await freePort();
  await using sending = await send({ hooks: { ".": [`http://127.0.0.1:${port}/hook`] } });
  sending.publish(...ten);
  const [sender] = sending.webhooks.list();
  await waitFor(() => (sender?.counts.failed ?? 0) >= 3, "failures");
  expect(sender?.attempts[0]).toMatchObject({ error: "ECONNREFUSED: Unable to connect" });
  await using receiver = receive(undefined, { port });
  await waitFor(() => receiver.accepted.length === 10, "all events");
  expect(namesOf(receiver.accepted)).toEqual(ten);
});

test.each<[string, (socket: Socket) => void, string | RegExp]>([
  ["does not speak HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.9\r\n"), /.+/],
  ["hangs up", (socket) => socket.destroy(), /.+/],
  ["says nothing", () => {}, "no answer in 100 ms"],
])("a receiver that %s is tried again", async (_, act, error) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.once("data", () => act(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  try {
    await using sending = await send({ hooks: { ".": [`http://127.0.0.1:${port}/`] }, timeoutMs: 100 });
    sending.publish("a");
    const [sender] = sending.webhooks.list();
    await waitFor(() => (sender?.attempts.length ?? 0) >= 2, "two attempts");
    expect(sender?.attempts[1]).toMatchObject({ number: 2, error: expect.stringMatching(error) });
    expect(sender?.queued).toBe(1);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test("an answer whose body never ends counts by its status, and holds nobody up for longer than the timeout", async () => {
  await using receiver = receive((_, count) => (count === 1 ? endless() : new Response("ok")));
  await using sending = await send({ hooks: { ".": [receiver.url] }, timeoutMs: 200 });
  sending.publish("a", "b");
  await waitFor(() => receiver.received.length === 2, "the second event");
  expect(namesOf(receiver.received)).toEqual(["a", "b"]);
});

test("Retry-After is obeyed", async () => {
  await using receiver = receive((_, count) =>
    count === 1 ? new Response("later", { status: 429, headers: { "retry-after": "1" } }) : new Response("ok"),
  );
  await using sending = await send({ hooks: { ".": [receiver.url] } });
  sending.publish("a");
  await waitFor(() => receiver.accepted.length === 1, "the event");
  const [first, second] = await waitFor(() => {
    const attempts = sending.webhooks.list()[0]?.attempts;
    return attempts?.length === 2 ? attempts : undefined;
  }, "two attempts");
  expect(first).toMatchObject({ status: 429 });
  expect((second?.timeMs ?? 0) - (first?.timeMs ?? 0)).toBeGreaterThanOrEqual(990);
});

test("410 unregisters, drops what waits, and is logged", async () => {
  await using receiver = receive(() => new Response("gone", { status: 410 }));
  await using sending = await send({ hooks: { ".": [receiver.url] } });
  sending.publish("a", "b", "c");
  await waitFor(() => sending.webhooks.list().length === 0, "the end of the webhook");
  expect(sending.logged).toEqual([`info webhook ${receiver.url}: answered 410 and is unregistered; events dropped: 3`]);
  sending.publish("d");
  expect(receiver.received).toHaveLength(1);
});

test("after its retries an event is given up, counted and logged, and the next one says that one is missed", async () => {
  await using receiver = receive(({ body }) => new Response("", { status: body.name === "bad" ? 500 : 200 }));
  await using sending = await send({ hooks: { ".": [receiver.url] }, retries: 2 });
  sending.publish("bad", "good", "better");
  await waitFor(() => receiver.accepted.length === 2, "the good ones");
  expect(namesOf(receiver.received)).toEqual(["bad", "bad", "bad", "good", "better"]);
  expect(receiver.accepted.map(({ headers }) => headers.get("x-gaffer-gap"))).toEqual(["1", null]);
  expect(sending.webhooks.list()[0]?.counts.givenUp).toBe(1);
  expect(sending.logged.at(-1)).toMatch(/gave up event \S+ after 3 attempts: the answer was 500$/);
});

test("more than may wait is dropped from the oldest on, named in the log and counted to the receiver", async () => {
  const open = Promise.withResolvers<void>();
  await using receiver = receive(async () => {
    await open.promise;
    return new Response("ok");
  });
  await using sending = await send({ hooks: { ".": [receiver.url] }, limits: { maxQueued: 4, maxAgeMs: 60_000 } });
  sending.publish("t0");
  await waitFor(() => receiver.received.length === 1, "the first");
  sending.publish(...ten.slice(1));
  open.resolve();
  await waitFor(() => receiver.accepted.length === 4, "those that are left");
  expect(namesOf(receiver.accepted)).toEqual(["t0", "t7", "t8", "t9"]);
  expect(receiver.accepted[1]?.headers.get("x-gaffer-gap")).toBe("6");
  expect(sending.webhooks.list()[0]?.counts.dropped).toBe(6);
  expect(sending.logged).toEqual([
    `warn webhook ${receiver.url}: the queue is full (4 events); dropping the oldest event for each new one`,
  ]);
});

test("a receiver that hangs delays no other, and no publisher", async () => {
  await using hanging = receive(() => new Promise(() => {}));
  await using quick = receive();
  await using sending = await send({ hooks: { ".": [hanging.url, quick.url] } });
  sending.publish(...ten);
  await waitFor(() => quick.accepted.length === 10, "all events at the quick one");
  expect(hanging.received).toHaveLength(1);
});

test("a URL of the file is the file's", async () => {
  const url = "http://127.0.0.1:1/";
  await using sending = await send({ hooks: { "proc.none": [url] } });
  await expect(sending.webhooks.register({ url, pattern: "." })).rejects.toMatchObject({ code: "conflict" });
  expect(sending.webhooks.list().map(({ webhook }) => webhook.patterns)).toEqual([["proc.none"]]);
});

test("a deleted webhook gets nothing of what waited, even when it is registered again", async () => {
  let isUp = false;
  await using receiver = receive(() => new Response("", { status: isUp ? 200 : 500 }));
  await using sending = await send();
  const id = await sending.webhooks.register({ url: receiver.url, pattern: "." });
  sending.publish("a", "b");
  const [sender] = sending.webhooks.list();
  await waitFor(() => (sender?.counts.failed ?? 0) > 1, "failures");
  await sending.webhooks.unregister(id);
  expect(sending.logged.at(-1)).toBe(`info webhook ${receiver.url}: was deleted; events dropped: 2`);
  await sender?.settled();
  sending.publish("c");
  isUp = true;
  await sending.webhooks.register({ url: receiver.url, pattern: "." });
  sending.publish("d");
  await waitFor(() => receiver.accepted.length > 0, "the event");
  expect(namesOf(receiver.accepted)).toEqual(["d"]);
});

test("a server that nobody vouches for is told nothing", async () => {
  using folder = temporaryFolder();
  const [key, cert] = [`${folder.path}/key.pem`, `${folder.path}/cert.pem`];
  await Bun.$`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ${key} -days 1 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -out ${cert}`.quiet();
  let asked = 0;
  await using server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { key: Bun.file(key), cert: Bun.file(cert) },
    fetch: () => new Response(`${++asked}`),
  });
  await using sending = await send({ hooks: { ".": [`https://127.0.0.1:${server.port}/`] } });
  sending.publish("a");
  const attempt = await waitFor(() => sending.webhooks.list()[0]?.attempts[0], "an attempt");
  expect(attempt.error).toContain("self signed certificate");
  expect(asked).toBe(0);
});

test("a user and a password in a URL are sent as Basic, and shown to nobody", async () => {
  await using receiver = receive(() => new Response("", { status: 500 }));
  const url = receiver.url.replace("http://", "http://me:p%40ss@");
  await using sending = await send({ hooks: { ".": [url] } });
  sending.publish("a");
  await waitFor(() => receiver.received.length > 0 && sending.logged.length > 0, "the event");
  expect(receiver.received[0]?.headers.get("authorization")).toBe(`Basic ${btoa("me:p@ss")}`);
  expect(sending.logged.join()).toContain("http://me:***@127.0.0.1");
  expect(sending.logged.join()).not.toContain("p%40ss");
});

test("the query of a URL is sent, and its values are shown to nobody", async () => {
  await using receiver = receive(() => new Response("", { status: 500 }));
  await using sending = await send({ hooks: { ".": [`${receiver.url}?token=s3cret&a=1&token=other`] } });
  sending.publish("a");
  await waitFor(() => receiver.received.length > 0 && sending.logged.length > 0, "the event");
  expect(receiver.received[0]?.search).toBe("?token=s3cret&a=1&token=other");
  expect(sending.logged.join()).toContain(`${receiver.url}?token=***&a=***`);
  expect(sending.logged.join()).not.toMatch(/s3cret|other/);
});

test("without a webhook nothing is made on disk; with one the folder and its files are the owner's alone", async () => {
  await using sending = await send();
  sending.publish("a");
  expect(existsSync(sending.stateDir)).toBe(false);
  await sending.webhooks.register({ url: "http://127.0.0.1:1/", pattern: "proc.none" });
  expect(statSync(sending.stateDir).mode & 0o777).toBe(0o700);
  const files = readdirSync(sending.stateDir);
  expect(files).toContain("gafferd.sqlite");
  for (const file of files) expect(statSync(join(sending.stateDir, file)).mode & 0o777).toBe(0o600);
});
