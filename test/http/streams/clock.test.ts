import { afterEach, describe, expect, test } from "bun:test";
import { waitFor } from "../../wait-for.ts";
import { readEvents } from "../feed/event-stream.ts";
import { useServing } from "../serving.ts";

const host = useServing();
const { run } = host;

const hourMs = 3_600_000;
const textOf = async (path: string) => await (await fetch(`${host.serving.url}${path}`)).text();
const rings = (id: number) => [...host.serving.process(id).rings.values()];
const heldBytes = (id: number) => rings(id).reduce((sum, { head }) => sum + head, 0);
const go = async (id: number) => {
  await fetch(`${host.serving.url}/streams/${id}/stdin`, { method: "POST", body: "\n" });
};

/** Sets the clock of this program, which then continues from there. */
const realNow = Date.now;
let setMs = 0;

function setClock(byMs: number): void {
  setMs += byMs;
  Date.now = () => realNow() + setMs;
}

afterEach(() => {
  Date.now = realNow;
  setMs = 0;
});

const sorted = (text: string) => text.split("\n").toSorted().join(" ").trim();
const at = (ms: number) => encodeURIComponent(new Date(ms).toISOString());

/** Writes two lines to each output: one before and one after the clock is set. */
async function around(byMs: number): Promise<number> {
  const script = "echo o1; echo e1 >&2; read go; echo o2; echo e2 >&2; sleep 60";
  const id = await run(script, { redirect_input: true });
  await waitFor(() => heldBytes(id) === 6, "the lines before");
  await Bun.sleep(2500); // Arrivals within 10 ms are recorded as one; `since` below needs a larger interval, even if a request is late.
  setClock(byMs);
  await go(id);
  await waitFor(() => heldBytes(id) === 12, "the lines after");
  return id;
}

describe.each([
  ["back by an hour", -hourMs],
  ["back by a day", -24 * hourMs],
  ["forward by an hour", hourMs],
])("when the clock is set %s", (_, byMs) => {
  test("each line has the time that the clock showed when it was written, on each output", async () => {
    const beforeMs = Date.now();
    const id = await around(byMs);
    const text = await textOf(`/streams/${id}?feed=continuous&follow=false&format=json`);
    const lines = text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { data: string; time: string })
      .flatMap(({ data, time }) =>
        data
          .trim()
          .split("\n")
          .map((each) => [each, Date.parse(time)] as const),
      );
    const times = new Map(lines);
    expect([...times.keys()].toSorted()).toEqual(["e1", "e2", "o1", "o2"]);
    for (const line of ["o1", "e1"]) expect(times.get(line)).toBeWithin(beforeMs, beforeMs + 20_000);
    for (const line of ["o2", "e2"]) expect(times.get(line)).toBeWithin(beforeMs + byMs, beforeMs + byMs + 20_000);
  });

  test("an age is a true age, on each output and on all outputs together", async () => {
    const id = await around(byMs);
    const ageOf = (line: string) => {
      const ring = host.serving.process(id).rings.get(line === "o2" ? "out" : "err");
      return Date.now() - (ring?.arrivals.unixMsAt(3) ?? 0);
    };
    /** An age between that of the second lines and that of the first lines, which are 2.5 s older. */
    const since = async () => `${Math.round(Math.max(ageOf("o2"), ageOf("e2")) + 2000)}ms`;
    const query = async () => `feed=continuous&follow=false&since=${await since()}`;
    expect(sorted(await textOf(`/streams/${id}?${await query()}`))).toBe("e2 o2");
    expect(await textOf(`/streams/${id}/out?${await query()}`)).toBe("o2\n");
    expect(await textOf(`/streams/${id}/err?${await query()}`)).toBe("e2\n");
    expect(sorted(await textOf(`/streams/${id}?feed=continuous&follow=false&since=1h`))).toBe("e1 e2 o1 o2");
  });

  test("a time is compared with the current clock", async () => {
    const id = await around(byMs);
    const ring = host.serving.process(id).rings.get("out");
    const since = at((ring?.arrivals.unixMsAt(3) ?? 0) - 150);
    expect(await textOf(`/streams/${id}/out?feed=continuous&follow=false&since=${since}`)).toBe("o2\n");
    expect(await textOf(`/streams/${id}/out?feed=continuous&follow=false&since=${at(Date.now() + 60_000)}`)).toBe("");
    const everything = await textOf(`/streams/${id}/out?feed=continuous&follow=false&since=${at(Date.now() - hourMs)}`);
    expect(everything).toBe("o1\no2\n");
  });

  test("`since` with an age returns the events of that age", async () => {
    const id = await around(byMs);
    await fetch(`${host.serving.url}/processes/${id}/_stop`, { method: "POST" });
    const firstSince = async (age: string) => {
      const answer = await fetch(`${host.serving.url}/watch/proc.${host.lastName}?feed=eventsource&since=${age}`);
      const [first] = await firstOf(answer, 1);
      return first?.event;
    };
    // It was created 2.5 s ago and is stopped now.
    expect(await firstSince("2s")).toBe("stop_pid");
    expect(await firstSince("30m")).toBe("create");
  });
});

test("an incomplete line is sent after 100 ms even if the clock is set back meanwhile", async () => {
  const id = await run("printf prompt; sleep 60");
  const answer = await fetch(`${host.serving.url}/streams/${id}/out?feed=eventsource`);
  await waitFor(() => heldBytes(id) === 6, "the prompt");
  setClock(-hourMs);
  const [first] = await firstOf(answer, 1);
  expect(first?.data).toBe("prompt");
});

async function firstOf(answer: Response, count: number) {
  const events = readEvents(answer.body);
  const found = [];
  for await (const event of events) {
    found.push(event);
    if (found.length === count) break;
  }
  return found;
}
