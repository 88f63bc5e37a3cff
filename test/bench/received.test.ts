import { describe, expect, test } from "bun:test";
import { Received } from "./received.ts";
import { parseRate } from "./wrk.ts";

const greeting = "id: rabc-0\n\n";
const eventOf = (sequence: number, ms: number) =>
  `event: exit\ndata: {"event":"exit","time":"${new Date(ms).toISOString()}"}\nid: rabc-${sequence.toString(36)}\n\n`;

describe("the data of watchers", () => {
  test("is complete if all received every event, however the chunks are split", () => {
    const received = new Received();
    const [first, second] = [received.addWatcher(), received.addWatcher()];
    const stream = Buffer.from(greeting + eventOf(1, 1000) + eventOf(2, 1000));
    first(stream, 1003);
    for (const byte of stream) second(Uint8Array.of(byte), 1010);
    expect(received.summarize()).toEqual({ events: 2, missing: 0, medianMs: 3, p99Ms: 10, slowestMs: 10 });
  });

  test("counts events that one watcher has not received yet as missing", () => {
    const received = new Received();
    const [first, second] = [received.addWatcher(), received.addWatcher()];
    first(Buffer.from(greeting + eventOf(1, 1000) + eventOf(2, 1000)), 1000);
    second(Buffer.from(greeting + eventOf(1, 1000)), 1000);
    expect(received.summarize()).toMatchObject({ events: 2, missing: 1 });
  });

  test("counts gaps in the sequence once per watcher", () => {
    const received = new Received();
    const stream = Buffer.from(greeting + eventOf(1, 1000) + eventOf(4, 1000));
    for (const add of [received.addWatcher(), received.addWatcher()]) add(stream, 1000);
    expect(received.summarize()).toMatchObject({ events: 2, missing: 4 });
  });

  test("must be the same for all watchers", () => {
    const received = new Received();
    received.addWatcher()(Buffer.from(greeting + eventOf(1, 1000)), 1000);
    const add = received.addWatcher();
    expect(() => add(Buffer.from(greeting + eventOf(1, 1001)), 1000)).toThrow("different events");
  });
});

describe("the rate in the output of wrk", () => {
  test.each([
    ["Running 2s test\nRequests/sec:  12345.67\nTransfer/sec:      1.00MB\n", 12_345.67],
    ["  Non-2xx or 3xx responses: 3\nRequests/sec:  12345.67\n", undefined],
    ["  Socket errors: connect 1, read 0, write 0, timeout 0\nRequests/sec:  1.00\n", undefined],
    ["unable to connect to 127.0.0.1:1 Connection refused\n", undefined],
  ])("of %j is %p", (text, rate) => {
    expect(parseRate(text)).toBe(rate);
  });
});
