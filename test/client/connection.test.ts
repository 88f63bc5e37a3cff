import { expect, test } from "bun:test";
import { type ConnectionState, createClient } from "gafferd/client";
import { startCutter } from "../http/feed/cutter.ts";
import { useServing } from "../http/serving.ts";
import { waitFor } from "../wait-for.ts";

const host = useServing();

interface Options {
  readonly onConnection: (state: ConnectionState) => void;
  readonly signal: AbortSignal;
}

test.each([
  ["a watch", (url: string, options: Options) => createClient(url).watch(undefined, options)],
  ["statistics", (url: string, options: Options) => createClient(url).watchStats(options)],
  ["a tail", (url: string, options: Options) => createClient(url).tail("web", options)],
])("%s reports when it is connected and when the connection is lost", async (_, follow) => {
  await host.serving.create({ name: "web", cmd: "sleep 600" });
  await using cutter = await startCutter(host.serving.url);
  const states: ConnectionState[] = [];
  const controller = new AbortController();
  const onConnection = (state: ConnectionState) => void states.push(state);
  const items = follow(cutter.url, { onConnection, signal: controller.signal });
  const all = Array.fromAsync<unknown>(items).catch((error: unknown) => error);
  await waitFor(() => states.length === 1, "the connection");
  cutter.upstream = undefined;
  cutter.cutAll();
  const { connections } = cutter;
  await waitFor(() => cutter.connections > connections + 1, "two attempts");
  cutter.upstream = host.serving.url;
  await waitFor(() => states.at(-1) === "open" && states.length > 1, "another connection");
  controller.abort();
  expect(await all).toMatchObject({ name: "AbortError" });
  expect(states).toEqual(["open", "lost", "open"]);
});

test("an unreachable daemon is reported as lost at once", async () => {
  await using cutter = await startCutter(host.serving.url);
  cutter.upstream = undefined;
  const states: ConnectionState[] = [];
  const items = createClient(cutter.url).watch(undefined, { onConnection: (state) => void states.push(state) });
  const next = items.next();
  await waitFor(() => states.length > 0, "the loss");
  await items.return?.();
  expect((await next).done).toBe(true);
  expect(states).toEqual(["lost"]);
});
