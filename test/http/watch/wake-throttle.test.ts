import { expect, test } from "bun:test";
import { WakeThrottle } from "../../../src/http/watch/wake-throttle.ts";
import { waitFor } from "../../wait-for.ts";

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test("after a silence, readers are woken in the same turn of the event loop, after the event was published", async () => {
  const throttle = new WakeThrottle();
  const woken: string[] = [];
  throttle.schedule(() => woken.push("a"));
  throttle.schedule(() => woken.push("b"));
  expect(woken).toEqual([]);
  await turn();
  expect(woken).toEqual(["a", "b"]);
});

test("a reader that is scheduled several times in 5 ms is woken once, together with the others", async () => {
  const throttle = new WakeThrottle();
  const wokenAtMs: Record<"a" | "b", number[]> = { a: [], b: [] };
  const a = () => wokenAtMs.a.push(performance.now());
  const b = () => wokenAtMs.b.push(performance.now());
  throttle.schedule(a);
  await turn();
  const firstAtMs = wokenAtMs.a[0] ?? Infinity;
  for (const wake of [a, b, a, b]) throttle.schedule(wake);
  await waitFor(() => wokenAtMs.b.length > 0, "the second wake-up");
  expect(wokenAtMs.a).toHaveLength(2);
  expect(wokenAtMs.b).toHaveLength(1);
  // Timers may fire slightly early.
  for (const atMs of [...wokenAtMs.a.slice(1), ...wokenAtMs.b]) expect(atMs - firstAtMs).toBeGreaterThan(4);
});

test("a reader can schedule itself again while it is being woken", async () => {
  const throttle = new WakeThrottle();
  let count = 0;
  const wake = () => {
    count += 1;
    if (count < 3) throttle.schedule(wake);
  };
  throttle.schedule(wake);
  await waitFor(() => count === 3, "the third wake-up");
});
