import { connect, type Socket } from "node:net";
import type { Client } from "../../src/client/client.ts";
import { waitFor } from "../wait-for.ts";

/** A gafferd that runs the configuration `soakFile`. */
export interface Target {
  readonly client: Client;
  readonly url: string;
  /** Rewrites the configuration with `spare` processes in the template `spare`, and reloads. */
  reload(spare: number): Promise<void>;
}

const stormMs = 1500;
const floodMs = 2000;
const readersOfEach = 5;
const lines = 2000;

/** The configuration. Each cycle starts and stops `crash`, `flap` and `flood`. */
export function soakFile(spare: number): string {
  return `[endpoint:main]
bind = 127.0.0.1:0
[process:pool]
cmd = sleep 1000000
numprocesses = 5
redirect_output = out, err
[process:echo]
cmd = cat
redirect_output = out
redirect_input = true
output_buffer = 4m
[process:crash]
cmd = false
backoff = off
numprocesses = 4
start = false
redirect_output = out
[process:flap]
cmd = sh -c 'echo gone; exit 3'
start = false
flapping = 3, 10s, 200ms, 2
redirect_output = out
[process:tree]
cmd = sh -c 'sleep 1000000 & sleep 1000000 & echo up; wait'
numprocesses = 3
redirect_output = out
[process:flood]
cmd = yes 'a line of a flood that arrives faster than any reader can read it, and that is about a hundred bytes long'
numprocesses = 2
start = false
redirect_output = out
${spare === 0 ? "" : `[process:spare]\ncmd = sleep 1000000\nnumprocesses = ${spare}\n`}`;
}

/** Runs every step once and restores the initial state. Returns descriptions of lost or wrong output. */
export async function runCycle(target: Target, cycle: number): Promise<string[]> {
  const { client } = target;
  const faults = await Promise.all([
    echoThrough(target, cycle),
    storm(client),
    flood(target),
    scaleUpAndDown(client),
    reloads(target),
    watchAll(client),
  ]);
  return faults.flat();
}

/** Checks that every line sent is echoed exactly once and in order. */
async function echoThrough({ client }: Target, cycle: number): Promise<string[]> {
  const [pid = 0] = await client.pids("echo");
  const abort = new AbortController();
  const sent = Array.from({ length: lines }, (_, index) => `cycle ${cycle} line ${index}\n`);
  let received = "";
  const listening = (async () => {
    for await (const item of client.tail(pid, { tail: 0, signal: abort.signal })) {
      if (item.type === "output") received += item.text;
      if (received.length >= sent.join("").length) break;
    }
  })();
  // A tail of 0 starts when it is opened; the first line shows that it is open.
  await waitFor(async () => {
    if (received === "") await client.write(pid, "ready\n");
    await Bun.sleep(20);
    return received !== "";
  }, "the reader of echo");
  const before = received;
  for (let start = 0; start < lines; start += 100) await client.write(pid, sent.slice(start, start + 100).join(""));
  const wanted = sent.join("");
  await waitFor(() => received.includes(sent.at(-1) ?? ""), "the last line of echo", 30_000).catch(() => {});
  abort.abort();
  await listening.catch(() => {});
  const got = received.replaceAll("ready\n", "");
  return got === wanted
    ? []
    : [`echo gave ${got.length} bytes for ${wanted.length} in cycle ${cycle} (${before.length})`];
}

async function storm(client: Client): Promise<string[]> {
  await Promise.all([client.start("crash"), client.start("flap")]);
  await Bun.sleep(stormMs);
  await client.stop("crash");
  await waitFor(async () => (await client.status("flap")).state === "fatal", "flap to become fatal", 30_000);
  await client.stop("flap");
  return [];
}

/** Opens readers of every kind, half of which never read, and drops their connections. */
async function flood({ client, url }: Target): Promise<string[]> {
  await client.start("flood");
  const abort = new AbortController();
  const paths = [
    "feed=eventsource",
    "feed=continuous",
    "feed=eventsource&format=json",
    "feed=eventsource&lossless=true",
  ];
  const asked = paths.flatMap((query) => Array.from({ length: readersOfEach }, () => `/streams/flood?${query}`));
  const reading = asked.map((path) => read(url + path, abort.signal));
  const stalled = asked.map((path) => stall(url, path));
  await Bun.sleep(floodMs);
  abort.abort();
  for (const socket of stalled) socket.destroy();
  await Promise.all(reading);
  await client.stop("flood");
  return [];
}

async function read(address: string, signal: AbortSignal): Promise<void> {
  try {
    for await (const _ of (await fetch(address, { signal, keepalive: false })).body ?? []) if (signal.aborted) return;
  } catch {
    // Disconnected on purpose.
  }
}

function stall(url: string, path: string): Socket {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  return socket;
}

async function scaleUpAndDown(client: Client): Promise<string[]> {
  await client.add("pool", 45);
  await client.restart("tree", { spawnFirst: true });
  await client.sub("pool", 45);
  await client.signal("tree", "KILL");
  return [];
}

async function reloads({ reload }: Target): Promise<string[]> {
  for (const spare of [3, 6, 0]) await reload(spare);
  return [];
}

async function watchAll(client: Client): Promise<string[]> {
  const abort = new AbortController();
  const faults: string[] = [];
  const watchers = Array.from({ length: readersOfEach }, async () => {
    for await (const item of client.watch(undefined, { signal: abort.signal })) {
      if (item.type === "gap") faults.push("a watcher missed events");
    }
  });
  await Bun.sleep(stormMs);
  abort.abort();
  await Promise.allSettled(watchers);
  return faults;
}
