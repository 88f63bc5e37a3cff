import { expect, test } from "bun:test";
import { refusal, source, startWith } from "./plugin/starting.ts";
import { countSleeps } from "./process/spawn/command-line.ts";
import { waitFor } from "./wait-for.ts";

test("a daemon stops templates, streams, plugins and listeners in this order", async () => {
  const steps: string[] = [];
  const stop = `
    globalThis.steps.push("plugin stops, readers: " + globalThis.readers());
    await fetch(globalThis.url + "/ping", { headers: { connection: "close" } }).then(() => "answers", () => "refuses")
      .then((listener) => globalThis.steps.push("a new connection: " + listener));
  `;
  const shared = Object.assign(globalThis as unknown as { steps: string[]; url: string; readers: () => number }, {
    steps,
  });
  await using started = await startWith({
    files: { "p/plugin/index.ts": source("p", { stop }) },
    ini: [
      "[process:first]\ncmd = sh -c 'trap \"echo goodbye; exit\" TERM; echo ready; while :; do sleep 0.01; done'",
      "redirect_output = out\npriority = 1\n[process:last]\ncmd = sleep 60\npriority = 2\n",
    ].join("\n"),
  });
  const { daemon, url } = started;
  shared.url = url;
  shared.readers = () => daemon.manager.readerCount() + daemon.bus.readerCount;
  daemon.bus.subscribe((event) => {
    if (event.type === "exit") steps.push(`${event.name} exits`);
  });
  const stream = await fetch(`${url}/streams/first?feed=eventsource`);
  let text = "";
  const reading = (async () => {
    for await (const bytes of stream.body ?? []) text += new TextDecoder().decode(bytes);
  })();
  await waitFor(() => text.includes("ready"), "the stream");
  await Promise.all([daemon.stop().then(() => steps.push("stopped")), reading]);
  expect(steps).toEqual([
    "last exits",
    "first exits",
    "plugin stops, readers: 0",
    "a new connection: refuses",
    "stopped",
  ]);
  expect(text).toContain("data: goodbye\n");
  expect(text).toContain("event: exit\n");
  await expect(fetch(`${url}/ping`)).rejects.toThrow();
});

test("a plugin can finish its response before the listeners close", async () => {
  const routes = `routes() { return this.app; }`;
  const index = `
    import { Elysia } from "elysia";
    ${source("p", {
      start: `
        this.app = new Elysia().get("/wait", () => { globalThis.isAsked = true; return this.promise; });
        ({ promise: this.promise, resolve: this.resolve } = Promise.withResolvers());
      `,
      stop: `this.resolve("last words"); await Bun.sleep(20);`,
      more: routes,
    })}
  `;
  await using started = await startWith({ files: { "p/plugin/index.ts": index } });
  const answer = fetch(`${started.url}/_plugin/p/api/wait`).then((response) => response.text());
  await waitFor(() => "isAsked" in globalThis, "the request");
  await started.daemon.stop();
  expect(await answer).toBe("last words");
});

test("a failed start stops the processes that plugins have already started", async () => {
  const mark = `8${process.pid}.7`;
  const start = `manager.create({ name: "early", cmd: "sleep ${mark}" }); await globalThis.isRunning();`;
  const runs = () => countSleeps(mark).size > 0;
  Object.assign(globalThis, { isRunning: () => waitFor(runs, "the process of a plugin") });
  const message = await refusal({
    files: {
      "a/plugin/index.ts": source("a", { start }),
      "b/plugin/index.ts": source("b", { start: `throw new Error("no");`, mandatory: ["a"] }),
    },
  });
  expect(message).toContain("cannot start the plugin `b`");
  expect(runs()).toBe(false);
});

test("forceStop shortens the time that a long graceful_timeout gives to plugins", async () => {
  const never = "globalThis.isStopping = true; await new Promise(() => {});";
  const names = ["p", "q", "r"];
  await using started = await startWith({
    files: Object.fromEntries(names.map((name) => [`${name}/plugin/index.ts`, source(name, { stop: never })])),
    ini: "[process:a]\ncmd = sleep 60\ngraceful_timeout = 600\n",
  });
  const stopped = started.daemon.stop();
  await waitFor(() => "isStopping" in globalThis, "the stop of the first plugin");
  const startedMs = performance.now();
  started.daemon.forceStop();
  await stopped;
  // Without it, each of the three would have 5 seconds.
  expect(performance.now() - startedMs).toBeLessThan(10_000);
});

test("a stop takes at most the longest graceful_timeout plus two seconds, even if a plugin hangs", async () => {
  const never = "await new Promise(() => {});";
  await using started = await startWith({
    files: { "p/plugin/index.ts": source("p", { stop: never }), "q/plugin/index.ts": source("q", { stop: never }) },
    ini: "[process:a]\ncmd = sleep 60\ngraceful_timeout = 0.5\n",
  });
  const startedMs = performance.now();
  await started.daemon.stop();
  // Without the limit, a plugin would have 5 seconds.
  expect(performance.now() - startedMs).toBeLessThan(4500);
});
