import { expect, test } from "bun:test";
import { EventBus } from "../../src/events/bus.ts";
import type { GafferdEvent } from "../../src/events/event.ts";

test("every subscriber gets each event in order, with its number and time", () => {
  const bus = new EventBus(() => {});
  const received: GafferdEvent[] = [];
  bus.subscribe((event) => received.push(event));
  const beforeMs = Date.now();
  bus.publish({ type: "create", name: "a" });
  bus.publish({ type: "start", name: "a" });
  expect(received.map(({ type, name, sequence }) => [type, name, sequence])).toEqual([
    ["create", "a", 1],
    ["start", "a", 2],
  ]);
  expect(received[0]?.timeMs).toBeWithin(beforeMs, Date.now() + 1);
});

test("a listener that throws does not keep an event from other listeners", () => {
  const errors: unknown[] = [];
  const bus = new EventBus((error) => errors.push(error));
  let received = 0;
  bus.subscribe(() => {
    throw new Error("broken listener");
  });
  bus.subscribe(() => received++);
  bus.publish({ type: "create", name: "a" });
  expect(received).toBe(1);
  expect(String(errors[0])).toContain("broken listener");
});

test("a listener that has unsubscribed gets no event, even one that is being published", () => {
  const bus = new EventBus(() => {});
  let received = 0;
  const end = bus.subscribe(() => {
    received++;
    end();
  });
  bus.publish({ type: "create", name: "a" });
  bus.publish({ type: "create", name: "b" });
  expect(received).toBe(1);
  expect(bus.listenerCount).toBe(0);
});

test("the writer gets each event before any subscriber", () => {
  const bus = new EventBus(() => {});
  const received: string[] = [];
  bus.subscribe(({ name }) => received.push(`received ${name}`));
  const end = bus.before(({ name, sequence }) => {
    received.push(`written ${name}, ${bus.at(sequence)?.name === name ? "known" : "not known"}`);
  });
  bus.publish({ type: "create", name: "a" });
  end();
  bus.publish({ type: "create", name: "b" });
  expect(received).toEqual(["written a, not known", "received a", "received b"]);
});
