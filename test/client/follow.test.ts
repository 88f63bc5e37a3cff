import { expect, test } from "bun:test";
import { GafferdClientError } from "../../src/client/error.ts";
import { followEvents, type FollowOptions } from "../../src/client/follow.ts";
import type { StreamEvent } from "../../src/client/event-parser.ts";

type Attempt = (signal: AbortSignal) => Response | Promise<Response>;

/** Follows the responses of the attempts, one after the other. The last one is repeated. */
function follow(attempts: readonly Attempt[], options: Partial<FollowOptions> = {}) {
  const asked: { readonly lastId: string; readonly atMs: number }[] = [];
  const events = followEvents({
    async connect(lastId, signal) {
      const attempt = attempts[Math.min(asked.length, attempts.length - 1)];
      asked.push({ lastId, atMs: performance.now() });
      if (attempt === undefined) throw new Error("the test gives no attempt");
      return await attempt(signal);
    },
    signal: new AbortController().signal,
    silenceMs: 60_000,
    ...options,
  });
  return { asked, events };
}

function answer(text: string, headers: Record<string, string> = { "content-type": "text/event-stream" }): Attempt {
  return () => new Response(text, { headers });
}

const refused: Attempt = () => {
  throw new TypeError("connection refused");
};

const refusing =
  (options: ConstructorParameters<typeof GafferdClientError>[1]): Attempt =>
  () => {
    throw new GafferdClientError("no", options);
  };

/** Sends `text` and keeps the connection open. */
function answerAndHang(text: string): Attempt {
  return (signal) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from(text));
        signal.addEventListener("abort", () => controller.error(new Error("aborted")));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
}

const never: Attempt = (signal) =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new Error("aborted")));
  });

const over: Attempt = () => new Response(null, { status: 204 });

/** The last attempt must end the iteration. */
async function all(events: AsyncIterable<StreamEvent>): Promise<string[]> {
  return (await Array.fromAsync(events)).map(({ data }) => data);
}

test("each attempt continues from the last id, and 204 ends the stream", async () => {
  const { asked, events } = follow([
    answer("retry: 1\nid: 1\ndata: a\n\nid: 2\ndata: b\n\nid: 3\ndata: lost"),
    answer("data: c\n\n"),
    answer("id: 4\n\n"),
    over,
  ]);
  expect(await all(events)).toEqual(["a", "b", "c"]);
  expect(asked.map(({ lastId }) => lastId)).toEqual(["", "2", "2", "4"]);
});

test("an id without data is used to continue after a cut before the first event", async () => {
  const { asked, events } = follow([answer("retry: 1\nid: start\n\n"), over]);
  expect(await all(events)).toEqual([]);
  expect(asked.map(({ lastId }) => lastId)).toEqual(["", "start"]);
});

test("the delay is the server's `retry`, and longer after failures", async () => {
  const { asked, events } = follow([answer("retry: 40\ndata: a\n\n"), answer("data: b\n\n"), refused, refused, over]);
  expect(await all(events)).toEqual(["a", "b"]);
  const waits = asked.slice(1).map(({ atMs }, index) => atMs - (asked[index]?.atMs ?? 0));
  // A timer may fire a millisecond early.
  expect(waits.map((ms, index) => ms >= ([40, 40, 80, 160][index] ?? Infinity) - 2)).toEqual([true, true, true, true]);
});

test("network errors, a stopping daemon and a proxy without its daemon are retried", async () => {
  const { asked, events } = follow([
    answer("retry: 1\n\n"),
    refused,
    refusing({ status: 503, code: "overloaded" }),
    refusing({ status: 502, code: "unexpected_answer" }),
    refusing({ status: 429, code: "unexpected_answer" }),
    answer("data: a\n\n"),
    over,
  ]);
  expect(await all(events)).toEqual(["a"]);
  expect(asked).toHaveLength(7);
});

test("`Retry-After` is respected", async () => {
  const { asked, events } = follow([
    answer("retry: 1\n\n"),
    refusing({ status: 503, code: "overloaded", retryAfterMs: 100 }),
    over,
  ]);
  await all(events);
  expect((asked[2]?.atMs ?? 0) - (asked[1]?.atMs ?? 0)).toBeGreaterThanOrEqual(98);
});

test.each<[string, Attempt, Record<string, unknown>]>([
  ["an unknown process", refusing({ status: 404, code: "not_found" }), { code: "not_found" }],
  ["a bad id", refusing({ status: 400, code: "bad_value", field: "since" }), { code: "bad_value" }],
  ["an internal error of the daemon", refusing({ status: 500, code: "internal" }), { code: "internal" }],
  ["another server", answer("<html>", { "content-type": "text/html" }), { code: "unexpected_answer", status: 200 }],
  ["an endless event", answer(`data: ${"x".repeat(17 * 1024 * 1024)}`), { name: "RangeError" }],
])("%s is thrown", async (_, attempt, error) => {
  const { asked, events } = follow([attempt, over]);
  expect(await all(events).catch((thrown: unknown) => thrown)).toMatchObject(error);
  expect(asked).toHaveLength(1);
});

test("a missing target ends the iteration after a complete stream, and is an error after a cut", async () => {
  const gone = refusing({ status: 404, code: "not_found" });
  const whole = follow([answer("retry: 1\ndata: a\n\n"), refused, gone]);
  expect(await all(whole.events)).toEqual(["a"]);
  const cut = follow([answer("retry: 1\ndata: a\n\n"), answerAndHang("data: b\n\n"), gone], { silenceMs: 30 });
  expect(await all(cut.events).catch((thrown: unknown) => thrown)).toMatchObject({ code: "not_found" });
});

test("a silent connection is closed after a while; heartbeats keep it open", async () => {
  const controller = new AbortController();
  let beats = 0;
  const beating: Attempt = () => {
    const body = new ReadableStream<Uint8Array>({
      async pull(stream) {
        await Bun.sleep(20);
        beats += 1;
        stream.enqueue(Buffer.from(beats === 6 ? "data: b\n\n" : ":\n\n"));
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  const { asked, events } = follow([answerAndHang("retry: 1\nid: 1\ndata: a\n\n"), beating], {
    silenceMs: 80,
    signal: controller.signal,
  });
  expect((await events.next()).value).toMatchObject({ data: "a" });
  expect((await events.next()).value).toMatchObject({ data: "b", id: "1" });
  expect(asked).toHaveLength(2);
  await events.return();
});

test("a request without a response is aborted too", async () => {
  const { asked, events } = follow([never, over], { silenceMs: 30 });
  expect(await all(events)).toEqual([]);
  expect(asked).toHaveLength(2);
});

test("a slow loop does not count as silence of the connection", async () => {
  const { asked, events } = follow([answerAndHang("data: a\n\ndata: b\n\n")], { silenceMs: 30 });
  await events.next();
  await Bun.sleep(90);
  expect((await events.next()).value).toMatchObject({ data: "b" });
  expect(asked).toHaveLength(1);
  await events.return();
});

test("its signal ends it before the first request", async () => {
  const { asked, events } = follow([over], { signal: AbortSignal.abort() });
  expect(await all(events)).toEqual([]);
  expect(asked).toEqual([]);
});

test.each<[string, Attempt]>([
  ["reads", answerAndHang("data: a\n\n")],
  ["waits for the next attempt", answer("retry: 60000\ndata: a\n\n")],
])("its signal ends it while it %s", async (_, attempt) => {
  const controller = new AbortController();
  const { asked, events } = follow([attempt], { signal: controller.signal });
  await events.next();
  setTimeout(() => controller.abort(), 20);
  expect(await events.next()).toEqual({ done: true, value: undefined });
  expect(asked).toHaveLength(1);
});

test("its signal ends it between two events of one chunk", async () => {
  const controller = new AbortController();
  const { events } = follow([answerAndHang("data: a\n\ndata: b\n\n")], { signal: controller.signal });
  await events.next();
  controller.abort();
  expect(await events.next()).toEqual({ done: true, value: undefined });
});
