import { expect } from "bun:test";
import { type Cut, startCutter } from "../http/feed/cutter.ts";
import { useServing } from "../http/serving.ts";
import { waitFor } from "../wait-for.ts";
import { useBrowser } from "./browser.ts";
import { follow } from "./event-source.ts";
import { startFastRetryProxy } from "./fast-retry-proxy.ts";
import { useSite } from "./site.ts";

const site = useSite();
const host = useServing({ corsOrigins: [site.origin] });
const browser = useBrowser();

/** More than the head of a response. A browser may stop reconnecting if the connection closes within the head. */
const headBytes = 700;

/** Resets at any byte, and closes after the head. The first cut comes after the head, so the page receives `retry`. */
const cutsAtRandom = (count: number): Cut[] =>
  Array.from({ length: count }, (_, index) => {
    const reset = index > 0 && Math.random() < 0.5;
    return { afterBytes: (reset ? 1 : headBytes) + Math.floor(Math.random() * 2000), reset };
  });

browser.test("an EventSource reads each line exactly once despite cuts, sees the exit, and stops at 204", async () => {
  using proxy = startFastRetryProxy(host.serving.url);
  const cuts = cutsAtRandom(10);
  await using cutter = await startCutter(proxy.url, cuts);
  await using tab = await browser.open(site.origin);
  const id = await host.run("for i in $(seq 1 1000); do echo line $i; case $i in *0) sleep 0.01;; esac; done");
  const path = `/streams/${id}/out?feed=eventsource`;
  const { seen, state } = await follow(tab, cutter.url + path, ["out", "exit", "gap", "spawn"]);
  await waitFor(async () => (await state()) === 2, "the end of the EventSource", 15_000);

  const got = await seen();
  const lines = got.filter(({ event }) => event === "out").map(({ data }) => data);
  const cutAs = JSON.stringify(cuts);
  expect(lines.join("\n"), cutAs).toBe(Array.from({ length: 1000 }, (_, index) => `line ${index + 1}`).join("\n"));
  expect(got.at(-1), cutAs).toEqual({ event: "exit", data: `{"pid":${id},"exit_status":0,"term_signal":null}` });
  expect(got.filter(({ event }) => event !== "out")).toHaveLength(1);
  expect(tab.statuses.at(-1)).toBe(204);
  expect(cutter.cutCount).toBeGreaterThan(5);
});

browser.test("an EventSource reconnects with the browser's default delay", async () => {
  await using cutter = await startCutter(host.serving.url);
  await using tab = await browser.open(site.origin);
  const id = await host.run("trap 'echo second; exit' USR1; echo first; while :; do sleep 0.02; done");
  const { seen } = await follow(tab, `${cutter.url}/streams/${id}/out?feed=eventsource`, ["out", "exit"]);
  await waitFor(async () => (await seen()).length === 1, "the first line");
  cutter.cutAll();
  host.serving.process(id).signal(10);
  await waitFor(async () => (await seen()).length === 3, "the rest");
  expect((await seen()).map(({ event, data }) => (event === "out" ? data : event))).toEqual([
    "first",
    "second",
    "exit",
  ]);
});

browser.test("an EventSource receives a gap event for output lost while it was disconnected", async () => {
  using proxy = startFastRetryProxy(host.serving.url);
  await using cutter = await startCutter(proxy.url);
  await using tab = await browser.open(site.origin);
  const flood = `head -c 9000 /dev/zero | tr "\\0" x; echo; echo last`;
  const id = await host.run(`trap '${flood}' USR1; echo first; while :; do sleep 0.02; done`, { output_buffer: 4096 });
  const { seen } = await follow(tab, `${cutter.url}/streams/${id}/out?feed=eventsource`, ["out", "gap"]);
  await waitFor(async () => (await seen()).length === 1, "the first line");
  cutter.upstream = undefined;
  cutter.cutAll();
  host.serving.process(id).signal(10);
  const from = "first\n".length;
  const to = from + 9000 + "\nlast\n".length;
  await waitFor(() => host.serving.process(id).rings.get("out")?.head === to, "the flood");
  cutter.upstream = proxy.url;
  await waitFor(async () => (await seen()).at(-1)?.data.endsWith("last"), "the rest");
  const got = await seen();
  expect(got.map(({ event }) => event)).toEqual(["out", "gap", "out"]);
  const gap = { pid: id, stream: "out", bytes: to - 4096 - from, from, to: to - 4096 };
  expect(JSON.parse(got[1]?.data ?? "")).toEqual(gap);
});

browser.test("an EventSource receives each event exactly once despite cuts", async () => {
  using proxy = startFastRetryProxy(host.serving.url);
  const cuts = cutsAtRandom(8);
  await using cutter = await startCutter(proxy.url, cuts);
  await using tab = await browser.open(site.origin);
  const types = ["create", "start", "spawn", "exit", "stop", "delete", "gap"];
  const { bus } = host.serving.daemon;
  const published: string[] = [];
  const { seen, state } = await follow(tab, `${cutter.url}/watch?feed=eventsource`, types);
  await waitFor(async () => (await state()) === 1, "the connection");
  const unsubscribe = bus.subscribe(({ type, name }) => void published.push(`${type} ${name}`));
  for (let index = 1; index <= 40; index += 1) await host.run("true");
  await waitFor(() => published.filter((each) => each.startsWith("exit")).length === 40, "the last exit");
  await waitFor(async () => (await seen()).length >= published.length, "the last event");
  unsubscribe();
  const received = (await seen()).map(({ event, data }) => `${event} ${JSON.parse(data).name}`);
  expect(received, JSON.stringify(cuts)).toEqual(published);
  expect(cutter.cutCount).toBeGreaterThan(3);
});
