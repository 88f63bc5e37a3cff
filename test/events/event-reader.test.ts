import { expect, test } from "bun:test";
import fc from "fast-check";
import { bootId } from "../../src/boot.ts";
import { EventBus } from "../../src/events/bus.ts";
import { EventReader, type EventStart } from "../../src/events/event-reader.ts";
import type { EventPattern } from "../../src/events/pattern.ts";

const createBus = () =>
  new EventBus((error) => {
    throw error;
  });

function read(bus: EventBus, start: EventStart, pattern: EventPattern = {}) {
  return new EventReader(bus, { start, pattern, onReady: () => {} });
}

/** The names of the events that can be read now; `gap 3` for three missed events. */
function readNames(reader: EventReader): string[] {
  const names: string[] = [];
  for (let item = reader.next(); item; item = reader.next()) {
    names.push(item.kind === "gap" ? `gap ${item.events}` : item.event.name);
  }
  return names;
}

test("a reader that resumes after any event gets each later one once, and a gap for dropped ones", () => {
  fc.assert(
    fc.property(fc.nat(2500), fc.nat(2500), (published, after) => {
      const bus = createBus();
      for (let count = 1; count <= published; count++) bus.publish({ type: "create", name: String(count) });
      const sequence = Math.min(after, published);
      const names = readNames(read(bus, { kind: "after", sequence }));
      const forgotten = Math.max(0, published - 1000 - sequence);
      const expected = Array.from({ length: published - sequence - forgotten }, (_, index) =>
        String(sequence + forgotten + index + 1),
      );
      expect(names).toEqual(forgotten > 0 ? [`gap ${forgotten}`, ...expected] : expected);
    }),
    { numRuns: 30 },
  );
});

test("starts now, at a time, or after an unknown gap with all events that are kept", async () => {
  const bus = createBus();
  bus.publish({ type: "create", name: "old" });
  await Bun.sleep(5);
  const steadyMs = performance.now();
  bus.publish({ type: "create", name: "new" });
  const now = read(bus, { kind: "now" });
  expect(readNames(now)).toEqual([]);
  expect(readNames(read(bus, { kind: "since", steadyMs, unixMs: 0 }))).toEqual(["new"]);
  expect(readNames(read(bus, { kind: "since", steadyMs: 0, unixMs: 0 }))).toEqual(["old", "new"]);
  expect(readNames(read(bus, { kind: "after", boot: "rother", sequence: 5 }))).toEqual(["gap undefined", "old", "new"]);
  bus.publish({ type: "delete", name: "next" });
  expect(readNames(now)).toEqual(["next"]);
});

test("skips events that do not match its pattern, and is woken only for the others", () => {
  const bus = createBus();
  let woken = 0;
  const reader = new EventReader(bus, { start: { kind: "now" }, pattern: { name: "a" }, onReady: () => woken++ });
  bus.publish({ type: "create", name: "b" });
  bus.publish({ type: "create", name: "a" });
  expect(woken).toBe(1);
  expect(readNames(reader)).toEqual(["a"]);
  expect(reader.position).toEqual({ boot: bootId, sequence: 2 });
  reader.close();
  bus.publish({ type: "create", name: "a" });
  expect(woken).toBe(1);
  expect(bus.listenerCount).toBe(0);
});

test("ends when all events were read and none will follow", () => {
  const bus = createBus();
  let woken = 0;
  const reader = new EventReader(bus, { start: { kind: "now" }, pattern: {}, onReady: () => woken++ });
  bus.publish({ type: "create", name: "a" });
  bus.end();
  expect(woken).toBe(2);
  expect(reader.ended).toBe(false);
  expect(readNames(reader)).toEqual(["a"]);
  expect(reader.ended).toBe(true);
  expect(bus.readerCount).toBe(1);
  reader.close();
  expect(bus.readerCount).toBe(0);
});
