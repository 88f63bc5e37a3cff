import { expect, test } from "bun:test";
import { chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRoot, lives } from "../process/observe.ts";
import { receive } from "../webhook/receiver.ts";
import { waitFor } from "../wait-for.ts";
import { expectRecovery, keepBusy } from "./activity.ts";
import { type Host, startHost, takeStrangerUid } from "./host.ts";
import { canLimit, limitGroup } from "./limited-group.ts";
import { canMount, mountTinyDisk } from "./tiny-disk.ts";

/**
 * How long each pressure lasts. JavaScriptCore's idle threads exit after 10 s; gafferd once aborted when they were
 * recreated, 11 to 36 s after the start.
 */
const pressureMs = Number(process.env["GAFFERD_PRESSURE_MS"] ?? 90_000);
const timeoutMs = pressureMs + 120_000;

const many = { name: "many", cmd: "sleep 600", numprocesses: 5, graceful_timeout: 1 };

/** Keeps gafferd busy from `start` to `end` of a pressure, and expects that it lives, delivers webhooks and recovers. */
async function press(host: Host, start: () => Promise<void> | void, end: () => Promise<void> | void): Promise<void> {
  await using receiver = receive();
  await host.client.addWebhook({ url: receiver.url, pattern: "." });
  await start();
  const counts = await keepBusy(host, pressureMs);
  expect(counts.get(200), JSON.stringify([...counts])).toBeGreaterThan(0);
  expect(lives(host.osPid)).toBe(true);
  await end();
  await expectRecovery(host, receiver);
}

/** A folder for the state of one gafferd, which runs as `uid`. */
function makeHome(uid?: number) {
  const path = mkdtempSync(join(tmpdir(), "gafferd-pressure-"));
  if (uid !== undefined) chownSync(path, uid, uid);
  return { under: ["env", `HOME=${path}`], [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Waits until the processes of `many` cannot all run. */
async function waitForLimit({ client }: Host): Promise<void> {
  await waitFor(async () => (await client.status("many")).state === "backoff", "the limit");
}

test.concurrent.skipIf(!isRoot)(
  "gafferd keeps running at the process limit of its user, delivers webhooks when possible, and recovers (needs root)",
  async () => {
    const uid = takeStrangerUid();
    using home = makeHome(uid);
    const user = ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups", "prlimit", "--nproc=40:40"];
    await using host = await startHost([...home.under, ...user]);
    await host.client.create({ ...many, numprocesses: 60 });
    await press(
      host,
      () => waitForLimit(host),
      () => waitForLimit(host),
    );
  },
  timeoutMs,
);

test.concurrent.skipIf(!canLimit("pids"))(
  "gafferd keeps running in a cgroup that others have filled with processes, and recovers (needs root and cgroups)",
  async () => {
    using home = makeHome();
    await using group = limitGroup("pids", 60);
    await using host = await startHost([...home.under, ...group.under]);
    await host.client.create(many);
    const others = Array.from({ length: 60 }, () => Bun.spawn(["sleep", "600"]));
    const end = async () => {
      for (const other of others) other.kill();
      await Promise.all(others.map((other) => other.exited));
    };
    try {
      const fill = () => others.forEach((other) => group.take(other.pid));
      await press(host, fill, async () => {
        await waitForLimit(host);
        await end();
      });
    } finally {
      await end();
    }
  },
  timeoutMs,
);

test.concurrent(
  "gafferd keeps running at the limit of its descriptors, and recovers",
  async () => {
    using home = makeHome();
    await using host = await startHost([...home.under, "prlimit", "--nofile=64:64"]);
    await host.client.create({ ...many, numprocesses: 100, redirect_output: ["out", "err"] });
    await press(
      host,
      () => waitForLimit(host),
      () => waitForLimit(host),
    );
  },
  timeoutMs,
);

test.concurrent.skipIf(!canLimit("memory"))(
  "gafferd keeps running while its processes use up the memory of its cgroup, and recovers (needs root and cgroups)",
  async () => {
    using home = makeHome();
    await using group = limitGroup("memory", 384 * 1024 * 1024);
    await using host = await startHost([...home.under, ...group.under]);
    await host.client.create(many);
    // `tail` keeps the endless line in memory until the kernel kills it.
    const greedy = { name: "greedy", cmd: "tail /dev/zero", backoff: "3s, 5s" };
    const start = async () => void (await host.client.create(greedy));
    const end = async () => {
      const [exit] = await host.client.history("greedy");
      expect(exit).toMatchObject({ term_signal: "SIGKILL" });
      await host.client.remove("greedy");
    };
    await press(host, start, end);
  },
  timeoutMs,
);

test.concurrent.skipIf(!canMount)(
  "gafferd keeps running while the disk of its state is full, and recovers (needs permission to mount)",
  async () => {
    using disk = mountTinyDisk("4m");
    await using host = await startHost(["env", `HOME=${disk.path}`]);
    await host.client.create(many);
    const free = () => {
      expect(host.err()).toContain("webhooks: cannot save events");
      disk.free();
    };
    await press(host, disk.fill, free);
    expect(host.err()).toContain("webhooks: events are saved again");
  },
  timeoutMs,
);

test.concurrent(
  "silent connections that use up the descriptors are closed, event streams are not, and gafferd recovers",
  async () => {
    using home = makeHome();
    await using host = await startHost([...home.under, "prlimit", "--nofile=64:64"]);
    const reader = new AbortController();
    const stream = await fetch(`${host.url}/watch?feed=eventsource&heartbeat=false`, { signal: reader.signal });
    const { hostname, port } = new URL(host.url);
    const open = new Set<Bun.Socket>();
    const socket = { data() {}, close: (closed: Bun.Socket) => void open.delete(closed) };
    await Promise.all(
      Array.from({ length: 100 }, async () => open.add(await Bun.connect({ hostname, port: Number(port), socket }))),
    );
    await waitFor(() => open.size === 0, "the end of the silent connections", 60_000);
    expect((await fetch(`${host.url}/ping`)).status).toBe(200);
    await host.client.create({ name: "a", cmd: "sleep 600" });
    let events = "";
    for await (const bytes of stream.body!) {
      events += new TextDecoder().decode(bytes);
      if (events.includes('"a"')) break;
    }
    reader.abort();
  },
  timeoutMs,
);
