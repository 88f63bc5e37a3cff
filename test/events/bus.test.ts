import { expect, test } from "bun:test";
import { EventBus } from "../../src/events/bus.ts";
import type { GafferdEvent } from "../../src/events/event.ts";

test("every subscriber hears each event in order, numbered and timed", () => {
  const bus = new EventBus(() => {});
  const heard: GafferdEvent[] = [];
  bus.subscribe((event) => heard.push(event));
  const beforeMs = Date.now();
  bus.publish({ type: "create", name: "a" });
  bus.publish({ type: "start", name: "a" });
  expect(heard.map(({ type, name, sequence }) => [type, name, sequence])).toEqual([
    ["create", "a", 1],
    ["start", "a", 2],
  ]);
  expect(heard[0]?.timeMs).toBeWithin(beforeMs, Date.now() + 1);
});

test("a listener that throws keeps no other from hearing", () => {
  const errors: unknown[] = [];
  const bus = new EventBus((error) => errors.push(error));
  let heard = 0;
  bus.subscribe(() => {
    throw new Error("broken listener");
  });
  bus.subscribe(() => heard++);
  bus.publish({ type: "create", name: "a" });
  expect(heard).toBe(1);
  expect(String(errors[0])).toContain("broken listener");
});

test("who has ended its subscription hears nothing, even within an event", () => {
  const bus = new EventBus(() => {});
  let heard = 0;
  const end = bus.subscribe(() => {
    heard++;
    end();
  });
  bus.publish({ type: "create", name: "a" });
  bus.publish({ type: "create", name: "b" });
  expect(heard).toBe(1);
  expect(bus.listenerCount).toBe(0);
});

test("who writes events down hears of each before anybody can know of it", () => {
  const bus = new EventBus(() => {});
  const heard: string[] = [];
  bus.subscribe(({ name }) => heard.push(`told ${name}`));
  const end = bus.before(({ name, sequence }) => {
    heard.push(`written ${name}, ${bus.at(sequence)?.name === name ? "known" : "not known"}`);
  });
  bus.publish({ type: "create", name: "a" });
  end();
  bus.publish({ type: "create", name: "b" });
  expect(heard).toEqual(["written a, not known", "told a", "told b"]);
});
