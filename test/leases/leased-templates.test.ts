import { afterAll, describe, expect, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { createClient } from "../../src/client/client.ts";
import type { EventDocument } from "../../src/documents/document-schemas.ts";
import { createFolder, startGafferd } from "../cli/running.ts";
import { useServing } from "../http/serving.ts";
import { waitFor } from "../wait-for.ts";

const daemon = useServing();
const client = () => createClient(daemon.serving.url);
const sleeper = { cmd: "sleep 600", owner: "me", lease: 0.4 };
const stateOf = async (name: string) => (await client().status(name)).state;
const stopped = (name: string) => waitFor(async () => (await stateOf(name)) === "stopped", `the stop of ${name}`);

/** Events of the types `lease_end`, `stop` and `exit`, with the name and the owner. */
async function eventsOf(names: readonly string[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  const types = ["stop", "exit", "lease_end"];
  for await (const item of client().watch(undefined, { since: "30s" })) {
    if (item.type !== "event") continue;
    const { event, name, owner } = item as EventDocument;
    if (names.includes(name) && types.includes(event)) seen.push([event, name, owner]);
    if (event === "delete" && names.includes(name)) return seen;
  }
  return seen;
}

/** Sends a request and reads nothing after it. */
async function openAndFreeze(path: string, headers = ""): Promise<Socket> {
  const { hostname, port } = new URL(daemon.serving.url);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`);
  return socket;
}
/** How much is left of the lease of `me`, in milliseconds. */
async function leftOf(url: string): Promise<number> {
  const { expires_at: expiresAt } = await createClient(url).lease("me");
  return Date.parse(expiresAt ?? "") - Date.now();
}

describe("when the lease of an owner expires", () => {
  test("its processes are stopped gracefully; the reason, an event and a log line say so", async () => {
    await daemon.serving.create({ ...sleeper, name: "a", shell: true, cmd: "trap 'exit 7' TERM; sleep 600 & wait" });
    await stopped("a");
    expect(await client().status("a")).toMatchObject({
      active: false,
      reason: "the lease of its owner `me` expired (it was not renewed for 0.4 s)",
    });
    expect(await client().history("a")).toMatchObject([{ exit_status: 7 }]);
    expect(daemon.serving.warnings).toContain(
      "a: the lease of its owner `me` expired (it was not renewed for 0.4 s); stopping it",
    );
    await client().remove("a");
    expect(await eventsOf(["a"])).toContainEqual(["lease_end", "a", "me"]);
  });

  test("with `on_lease_end = keep` they keep running, and the lease says that it has ended", async () => {
    await daemon.serving.create({ ...sleeper, name: "k", on_lease_end: "keep" });
    await waitFor(async () => (await client().lease("me")).state === "ended", "the end of the lease");
    expect(await stateOf("k")).toBe("running");
    expect(daemon.serving.warnings.at(-1)).toEndWith("; it keeps running");
    expect(await client().renewLease("me")).toBeString();
    expect((await client().lease("me")).state).toBe("active");
  });

  test("every template of the owner ends by its own lease, and no template of another", async () => {
    await daemon.serving.create({ ...sleeper, name: "short" });
    await daemon.serving.create({ ...sleeper, name: "long", lease: "1h" });
    await daemon.serving.create({ ...sleeper, name: "other", owner: "you", lease: 60 });
    await daemon.serving.create({ name: "free", cmd: "sleep 600" });
    await stopped("short");
    expect(await Promise.all(["long", "other", "free"].map(stateOf))).toEqual(["running", "running", "running"]);
    const { members, state } = await client().lease("me");
    expect([state, ...members.map((member) => member.state)]).toEqual(["active", "ended", "active"]);
    expect((await client().leases()).map(({ owner }) => owner)).toEqual(["me", "you"]);
  });

  test("a start begins a new lease", async () => {
    await daemon.serving.create({ ...sleeper, name: "a" });
    await stopped("a");
    const gone = await client()
      .renewLease("me")
      .catch((error: unknown) => error);
    expect(gone).toMatchObject({ status: 410, code: "gone" });
    await client().start("a");
    expect((await client().lease("me")).state).toBe("active");
    await stopped("a");
  });

  test("a process that is restarted again and again does not renew it", async () => {
    const { create } = daemon.serving;
    await create({ ...sleeper, name: "loop", cmd: "sleep 0.01", restart: "always", backoff: "10ms, 20ms" });
    await stopped("loop");
  });
});

/** Starts a run, and waits for it. */
const run = async (id: string, body: object, query = "") => {
  const answer = await fetch(`${daemon.serving.url}/runs/${id}${query}`, {
    method: "PUT",
    body: JSON.stringify(body),
  });
  return (await answer.json()) as Record<string, unknown>;
};

describe("a run with an owner", () => {
  const settings = { cmd: "trap 'exit 7' TERM; sleep 600 & wait", shell: true, owner: "me", lease: 0.4 };
  test("is stopped when the lease ends, and says so", async () => {
    expect(await run("r1", settings)).toMatchObject({ state: "exited", exit_status: 7, ended_by: "lease" });
    expect(await client().lease("me")).toMatchObject({ members: [{ kind: "run", name: "r1", state: "ended" }] });
    await fetch(`${daemon.serving.url}/runs/r1`, { method: "DELETE" });
    expect(await client().leases()).toEqual([]);
  });

  test("is held by the request that waits for it, and keeps running with `on_lease_end = keep`", async () => {
    const held = await run("r2", { ...settings, cmd: "sleep 1; exit 3" }, "?lease=me");
    expect(held).toMatchObject({ exit_status: 3, ended_by: "itself" });
    const kept = await run("r3", { ...settings, cmd: "sleep 1; exit 3", on_lease_end: "keep" });
    expect(kept).toMatchObject({ exit_status: 3, ended_by: "itself" });
    expect(await client().leases()).toEqual([]);
  });

  test("is not started by a request that names the lease of nobody", async () => {
    expect(await run("r5", settings, "?lease=nobody")).toMatchObject({ error: "not_found" });
    expect((await fetch(`${daemon.serving.url}/runs/r5`)).status).toBe(404);
  });

  test("is joined by a request with the same lease, and refused with another", async () => {
    const long = { ...settings, lease: 60 };
    await run("r4", long, "?wait=0");
    expect(await run("r4", { ...long, lease: "1m" }, "?wait=0")).toMatchObject({ existing: true });
    expect(await run("r4", { ...long, lease: 61 }, "?wait=0")).toMatchObject({ error: "conflict", field: "lease" });
    await client().endLease("me");
    expect(await run("r4", long, "?wait=0")).toMatchObject({ ended_by: "lease" });
    await fetch(`${daemon.serving.url}/runs/r4`, { method: "DELETE" });
  });
});

test("an owner that renews keeps its processes", async () => {
  await daemon.serving.create({ ...sleeper, name: "a" });
  const until = performance.now() + 1000;
  while (performance.now() < until) {
    const expiresAt = await client().renewLease("me");
    expect(Date.parse(expiresAt ?? "")).toBeWithin(Date.now() + 100, Date.now() + 401);
    await Bun.sleep(50);
  }
  expect(await stateOf("a")).toBe("running");
});

test("DELETE ends the leases now, answers when the processes have exited, and may be repeated", async () => {
  await daemon.serving.create({ ...sleeper, name: "a", lease: "1h" });
  await daemon.serving.create({ ...sleeper, name: "b", lease: "1h", on_lease_end: "keep" });
  await client().endLease("me");
  expect([await stateOf("a"), await stateOf("b")]).toEqual(["stopped", "running"]);
  expect((await client().status("a")).reason).toBe("the lease of its owner `me` was ended by a request");
  await client().endLease("me");
});

test.each(["GET", "POST", "DELETE"])("%s of an unknown owner is 404 and says what an owner is", async (method) => {
  const answer = await fetch(`${daemon.serving.url}/leases/nobody`, { method });
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ error: "not_found", message: expect.stringContaining("`owner`") });
});

test("changing the owner of a template moves it, and removing the lease ends none", async () => {
  await daemon.serving.create({ ...sleeper, name: "a", lease: 60 });
  await client().update("a", { cmd: "sleep 600", owner: "you", lease: 60 });
  expect((await client().leases()).map(({ owner }) => owner)).toEqual(["you"]);
  await client().update("a", { cmd: "sleep 600" });
  expect(await client().leases()).toEqual([]);
  expect(await stateOf("a")).toBe("running");
});

describe("a connection with `?lease=` holds the leases while it is open:", () => {
  const streams = [
    "/streams/NAME?feed=eventsource",
    "/streams/NAME/out?feed=continuous",
    "/streams/NAME?feed=continuous&format=json",
    "/watch?feed=eventsource",
    "/watch/proc/NAME?feed=continuous",
    "/stats/NAME?feed=eventsource&interval=60",
  ];

  test("streams, and feeds of events and statistics", async () => {
    const holding = streams.map(async (path, at) => {
      const [name, owner] = [`a${at}`, `owner-${at}`];
      await daemon.serving.create({ ...sleeper, name, owner });
      const left = new AbortController();
      const url = `${daemon.serving.url}${path.replace("NAME", name)}&lease=${owner}`;
      const answer = await fetch(url, { signal: left.signal });
      expect([path, answer.status]).toEqual([path, 200]);
      const read = answer.text().catch(() => {});
      await Bun.sleep(900);
      expect([path, await client().lease(owner)]).toMatchObject([path, { state: "active", connections: 1 }]);
      left.abort();
      await read;
      await stopped(name);
      await waitFor(async () => (await client().lease(owner)).connections === 0, `the end of ${path}`);
    });
    await Promise.all(holding);
  }, 20_000);

  test("a longpoll, until it is answered", async () => {
    await daemon.serving.create({ ...sleeper, name: "a" });
    await fetch(`${daemon.serving.url}/streams/a?heartbeat=0.8&lease=me`);
    expect(await stateOf("a")).toBe("running");
    await stopped("a");
  });

  test("a WebSocket whose client answers pings", async () => {
    await daemon.serving.create({ ...sleeper, name: "a", cmd: "cat", redirect_input: true });
    const socket = new WebSocket(`${daemon.serving.url.replace("http", "ws")}/wstreams/a?lease=me&heartbeat=0.1`);
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    await Bun.sleep(700);
    expect(await stateOf("a")).toBe("running");
    socket.close();
    await stopped("a");
  });

  test("the client of the library, also after its connection was cut", async () => {
    await daemon.serving.create({ ...sleeper, name: "a" });
    const left = new AbortController();
    const events = client().watch(undefined, { lease: "me", signal: left.signal });
    const reading = (async () => {
      for await (const item of events) void item;
    })().catch(() => {});
    await Bun.sleep(700);
    expect(await stateOf("a")).toBe("running");
    left.abort();
    await reading;
    await stopped("a");
  });

  test.each([
    "/streams/a?feed=eventsource",
    "/watch?feed=eventsource",
    "/stats?feed=continuous",
    "/watch?heartbeat=0.1",
  ])("%s with an unknown owner is 404", async (path) => {
    await daemon.serving.create({ name: "a", cmd: "sleep 600" });
    const answer = await fetch(`${daemon.serving.url}${path}&lease=nobody`);
    expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([404, "not_found"]);
  });
});

describe("a client that is connected but gone does not hold the leases:", () => {
  const upgrade =
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const quiet = "sleep 600";
  const noisy = "while :; do head -c 100000 /dev/zero | tr '\\0' x; sleep 0.01; done";

  const cases = [
    ["/streams/NAME?feed=eventsource&heartbeat=0.1", quiet, ""],
    ["/streams/NAME/out?feed=continuous", noisy, ""],
    ["/watch?feed=eventsource&heartbeat=0.1", quiet, ""],
    ["/watch?feed=continuous&heartbeat=0.1", quiet, ""],
    ["/wstreams/NAME?heartbeat=0.1", quiet, upgrade],
  ] as const;

  test("streams, feeds and WebSockets", async () => {
    const freezing = cases.map(async ([path, cmd, headers], at) => {
      const [name, owner] = [`a${at}`, `owner-${at}`];
      await daemon.serving.create({ ...sleeper, name, owner, lease: 1, cmd, shell: true, restart: "always" });
      const socket = await openAndFreeze(`${path.replace("NAME", name)}&lease=${owner}`, headers);
      await waitFor(async () => (await client().lease(owner)).connections === 1, `the connection of ${path}`);
      await waitFor(async () => (await stateOf(name)) === "stopped", `the end of the lease of ${path}`, 40_000);
      // The WebSocket of a process ends with it, and a raw stream that falls behind is cut off.
      if (cmd === quiet && headers === "") expect([path, (await client().lease(owner)).connections]).toEqual([path, 1]);
      socket.destroy();
    });
    await Promise.all(freezing);
  }, 60_000);
});

describe("a restart of gafferd", () => {
  const folder = createFolder();
  afterAll(folder.remove);

  test.concurrent.each(["SIGTERM", "SIGKILL"] as const)(
    "after %s keeps what was left of the lease",
    async (signal) => {
      const config = folder.write(`${signal}.ini`, `[gaffer]\nstate_dir = ${signal}\nbundled_plugins = none\n`);
      let before = 0;
      {
        await using first = await startGafferd(["-c", config]);
        await createClient(first.url).create({ name: "a", cmd: "sleep 600", owner: "me", lease: 60 });
        await Bun.sleep(1500);
        before = await leftOf(first.url);
        first.kill(signal);
        await first.exited;
      }
      await using second = await startGafferd(["-c", config]);
      // A kill loses at most the last second, and the processes do not start at once.
      expect(await leftOf(second.url)).toBeWithin(before - 3000, before + 1200);
      expect((await createClient(second.url).status("a")).active).toBe(true);
    },
    20_000,
  );

  test("a template that was stopped by its lease stays stopped", async () => {
    const config = folder.write("stopped.ini", "[gaffer]\nstate_dir = stopped\nbundled_plugins = none\n");
    {
      await using first = await startGafferd(["-c", config]);
      await createClient(first.url).create({ name: "a", cmd: "sleep 600", owner: "me", lease: "1h" });
      await createClient(first.url).endLease("me");
    }
    await using second = await startGafferd(["-c", config]);
    expect((await createClient(second.url).status("a")).stopped).toBe(true);
    expect(await createClient(second.url).renewLease("me")).toBeNull();
  }, 20_000);

  test("is no end of a lease: gafferd that stops publishes none", async () => {
    const config = folder.write("quiet.ini", "[gaffer]\n[process:a]\ncmd = sleep 600\nowner = me\nlease = 60s\n");
    await using gafferd = await startGafferd(["-c", config, "-v"]);
    gafferd.kill("SIGTERM");
    await gafferd.exited;
    expect(gafferd.out() + gafferd.err()).not.toContain("lease");
  }, 20_000);
});
