import { expect, test } from "bun:test";
import { EventPace } from "../../../src/http/watch/event-pace.ts";
import { waitFor } from "../../wait-for.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("after silence readers are woken in the turn in which the event came, and not within the event", async () => {
  const pace = new EventPace();
  const woken: string[] = [];
  pace.wakeSoon(() => woken.push("a"));
  pace.wakeSoon(() => woken.push("b"));
  expect(woken).toEqual([]);
  await turn();
  expect(woken).toEqual(["a", "b"]);
});

test("whoever is to be woken several times in 5 ms is woken once, with all others", async () => {
  const pace = new EventPace();
  const wokenAtMs: Record<"a" | "b", number[]> = { a: [], b: [] };
  const a = () => wokenAtMs.a.push(performance.now());
  const b = () => wokenAtMs.b.push(performance.now());
  pace.wakeSoon(a);
  await turn();
  const firstAtMs = wokenAtMs.a[0] ?? Infinity;
  for (const wake of [a, b, a, b]) pace.wakeSoon(wake);
  await waitFor(() => wokenAtMs.b.length > 0, "the second waking");
  expect(wokenAtMs.a).toHaveLength(2);
  expect(wokenAtMs.b).toHaveLength(1);
  // Timers may be a little early.
  for (const atMs of [...wokenAtMs.a.slice(1), ...wokenAtMs.b]) expect(atMs - firstAtMs).toBeGreaterThan(4);
});

test("a reader may ask to be woken again while it is", async () => {
  const pace = new EventPace();
  let count = 0;
  const wake = () => {
    count += 1;
    if (count < 3) pace.wakeSoon(wake);
  };
  pace.wakeSoon(wake);
  await waitFor(() => count === 3, "the third waking");
});
