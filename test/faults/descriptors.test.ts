import { describe, expect, test } from "bun:test";
import { procStatOf } from "../../src/process/proc-stat.ts";
import { waitFor } from "../wait-for.ts";
import { childrenOf, lives, openFds, zombies } from "../process/observe.ts";
import { cpuMs, type Host, startHost } from "./host.ts";

/** More processes than available descriptors. */
const tooMany = { name: "many", cmd: "sleep 600", numprocesses: 100, graceful_timeout: 1 };
const redirected = { redirect_output: ["out", "err"], redirect_input: true };

const fewFiles = ["prlimit", "--nofile=64:64"];

describe("when processes need more descriptors than the limit allows", () => {
  test.each([
    ["with nothing redirected", {}],
    ["with three pipes each", redirected],
  ])("gafferd still responds, with the reason and the time of the next retry: %s", async (_, settings) => {
    await using host = await startHost(fewFiles);
    await host.client.create({ ...tooMany, ...settings });
    const status = await waitFor(async () => {
      const now = await host.client.status("many");
      return now.state === "backoff" ? now : undefined;
    }, "the descriptors to run out");
    expect(status.running).toBeGreaterThan(5);
    expect(status.reason).toBe("cannot start `sleep`: too many files are open; raise the limit (`ulimit -n`)");
    expect(Date.parse(status.next_retry_at ?? "")).toBeGreaterThan(Date.now() - 10_000);
    expect(openFds(host.osPid)).toBeLessThan(60);
    expect(await host.client.pids("many")).toHaveLength(status.running);
  });

  test.each([
    [64, 16],
    [400, 32],
  ])("of %p descriptors, processes leave %p for requests", async (limit, reserve) => {
    await using host = await startHost(["prlimit", `--nofile=${limit}:${limit}`]);
    await host.client.create({ ...tooMany, numprocesses: limit });
    await waitFor(async () => (await host.client.status("many")).state === "backoff", "the descriptors to run out");
    // A process needs two for a moment, and the connections of this test take some of the reserve.
    expect(openFds(host.osPid)).toBeWithin(limit - reserve - 2, limit - reserve + 6);
  });

  test("processes start when descriptors are released, and failed attempts leak none", async () => {
    await using host = await startHost(fewFiles);
    // The first process opens descriptors that later ones share.
    await host.client.create({ name: "first", cmd: "sleep 600", ...redirected });
    await host.client.remove("first");
    const before = openFds(host.osPid);
    await host.client.create({ ...tooMany, ...redirected });
    await waitFor(async () => (await host.client.status("many")).state === "backoff", "the descriptors to run out");
    await host.client.create({ name: "late", cmd: "sleep 600", ...redirected });
    expect(await host.client.status("late")).toMatchObject({ state: "backoff", running: 0 });
    const retries = () => host.err().match(/cannot start `sleep`/g)?.length ?? 0;
    await waitFor(() => retries() >= 6, "more attempts");
    await host.client.remove("many");
    await waitFor(async () => (await host.client.status("late")).state === "running", "the next attempt");
    await host.client.remove("late");
    // One connection, and descriptors that Bun opens once.
    await waitFor(() => openFds(host.osPid) <= before + 3, `as few descriptors as before (${before})`);
  });

  test("processes start when the limit is raised with prlimit", async () => {
    await using host = await startHost(["prlimit", "--nofile=64:4096"]);
    Bun.spawnSync(["prlimit", `--pid=${host.osPid}`, "--nofile=64:4096"]);
    await host.client.create(tooMany);
    await waitFor(async () => (await host.client.status("many")).state === "backoff", "the descriptors to run out");
    Bun.spawnSync(["prlimit", `--pid=${host.osPid}`, "--nofile=4096:4096"]);
    await waitFor(async () => (await host.client.status("many")).running === 100, "all to run");
  });
});

describe("when streams use up the descriptors", () => {
  test("another stream is refused with 503, gafferd uses no CPU, and processes wait in backoff", async () => {
    await using host = await startHost(fewFiles);
    const readers: AbortController[] = [];
    const openStream = async () => {
      const reader = new AbortController();
      readers.push(reader);
      return await fetch(`${host.url}/watch?feed=eventsource`, { signal: reader.signal });
    };
    const refused = await waitFor(async () => {
      const answer = await openStream();
      return answer.ok ? undefined : answer;
    }, "a refusal");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(refused.headers.get("connection")).toBe("close");
    expect(await refused.json()).toMatchObject({
      error: "overloaded",
      message: expect.stringContaining(
        "cannot open a stream: the remaining file descriptors are reserved for short requests",
      ),
    });
    await waitFor(async () => {
      const socket = await fetch(`${host.url}/wstreams/1`, { headers: { upgrade: "websocket" } });
      if (socket.status !== 503) await openStream();
      return socket.status === 503;
    }, "a WebSocket to be refused");

    await host.client.create({ name: "one", cmd: "sleep 600" });
    expect(await host.client.status("one")).toMatchObject({ state: "backoff" });
    const [cpuBefore, startMs] = [cpuMs(host.osPid), performance.now()];
    await waitFor(() => performance.now() - startMs > 300, "a while to pass");
    expect(cpuMs(host.osPid) - cpuBefore).toBeLessThan(200);

    for (const reader of readers) reader.abort();
    await waitFor(async () => (await host.client.status("one")).state === "running", "the next attempt");
    expect((await openStream()).status).toBe(200);
    for (const reader of readers) reader.abort();
  });
});

describe("when connections use up the descriptors", () => {
  test.each([
    ["event streams", "GET /watch?feed=eventsource HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    ["silent connections", ""],
  ])("100 %s: a new connection is answered or refused with 503, and gafferd uses no CPU", async (_, request) => {
    await using host = await startHost(fewFiles);
    const { hostname, port } = new URL(host.url);
    const ended = { count: 0 };
    const connect = async () => {
      const socket = { data() {}, close: () => void (ended.count += 1) };
      const connection = await Bun.connect({ hostname, port: Number(port), socket });
      connection.write(request);
      return connection;
    };
    const connections = await Promise.all(Array.from({ length: 100 }, connect));
    await waitFor(() => ended.count >= 40, "the connections that are too many to be closed");
    const isLogged = () => /warn {2}refused \d+ connections?: no file descriptor is free/.test(host.err());
    if (request === "") await waitFor(isLogged, "the number of refused connections in the log");

    for (let round = 0; round < 3; round++) {
      const answer = await fetch(`${host.url}/ping`, { headers: { connection: "close" } });
      expect([200, 503]).toContain(answer.status);
      if (answer.status === 503) expect(await answer.json()).toMatchObject({ error: "overloaded" });
    }
    const [cpuBefore, startMs] = [cpuMs(host.osPid), performance.now()];
    await waitFor(() => performance.now() - startMs > 500, "a while to pass");
    expect(cpuMs(host.osPid) - cpuBefore).toBeLessThan(200);

    for (const connection of connections) connection.end();
    await waitFor(async () => {
      const answer = await fetch(`${host.url}/ping`, { headers: { connection: "close" } });
      return answer.status === 200;
    }, "an answer");
  });
});

describe("when no descriptor is free, orphans that exit", () => {
  const orphans = `sh -c 'for i in $(seq 50); do (sleep 600 &); done; exec sleep 600'`;

  test("are reaped after silent connections have used up the descriptors, and gafferd lives", async () => {
    await using host = await startHost(fewFiles);
    const living = await startOrphans(host, orphans);
    const { hostname, port } = new URL(host.url);
    const refused = { count: 0 };
    const socket = { data() {}, close: () => void (refused.count += 1) };
    const connections = await Promise.all(
      Array.from({ length: 100 }, () => Bun.connect({ hostname, port: Number(port), socket })),
    );
    await waitFor(() => refused.count >= 40, "the connections that are too many to be closed");
    for (const osPid of living) process.kill(osPid, "SIGKILL");
    for (const connection of connections) connection.end();
    await waitFor(() => zombies(host.osPid) === 0 && !living.some(lives), "the orphans to be reaped");
    expect(await host.client.status("a")).toMatchObject({ state: "running", running: 1 });
  });

  test("wait as zombies while gafferd cannot read /proc, without using its CPU, and are reaped afterwards", async () => {
    await using host = await startHost();
    const living = await startOrphans(host, orphans);
    const limit = async (files: string) =>
      expect(await Bun.spawn(["prlimit", `--pid=${host.osPid}`, `--nofile=${files}:`]).exited).toBe(0);
    await limit("3");
    const cpuBefore = cpuMs(host.osPid);
    for (const osPid of living) process.kill(osPid, "SIGKILL");
    const startMs = performance.now();
    await waitFor(() => performance.now() - startMs > 500, "some rounds of the reaper");
    expect(zombies(host.osPid)).toBe(living.length);
    expect(cpuMs(host.osPid) - cpuBefore).toBeLessThan(200);
    await limit("4096");
    await waitFor(() => zombies(host.osPid) === 0, "the orphans to be reaped");
    expect(await host.client.status("a")).toMatchObject({ state: "running", running: 1 });
  });
});

/** Starts a process that leaves 50 orphans, and returns their pids when they run. */
async function startOrphans({ client, osPid }: Host, cmd: string): Promise<number[]> {
  await client.create({ name: "a", cmd });
  const [pid = 0] = await client.pids("a");
  const { os_pid: leader } = await client.process(pid);
  const orphans = () =>
    childrenOf(osPid).filter((child) => child !== leader && procStatOf(child)?.sessionId === leader && lives(child));
  await waitFor(() => orphans().length === 50, "50 orphans");
  return orphans();
}
