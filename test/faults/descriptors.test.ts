import { describe, expect, test } from "bun:test";
import { waitFor } from "../wait-for.ts";
import { openFds } from "../process/observe.ts";
import { cpuMs, startHost } from "./host.ts";

/** More processes than there are descriptors. */
const tooMany = { name: "many", cmd: "sleep 600", numprocesses: 100, graceful_timeout: 1 };
const redirected = { redirect_output: ["out", "err"], redirect_input: true };

const fewFiles = ["prlimit", "--nofile=64:64"];

describe("when processes need more descriptors than there are", () => {
  test.each([
    ["with nothing redirected", {}],
    ["with three pipes each", redirected],
  ])("gafferd still answers, and says why not all run and when it tries again: %s", async (_, settings) => {
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

  test("they run by themselves when others give theirs back, and failed tries have kept none", async () => {
    await using host = await startHost(fewFiles);
    // What the first process opens for all that follow is there then.
    await host.client.create({ name: "first", cmd: "sleep 600", ...redirected });
    await host.client.remove("first");
    const before = openFds(host.osPid);
    await host.client.create({ ...tooMany, ...redirected });
    await waitFor(async () => (await host.client.status("many")).state === "backoff", "the descriptors to run out");
    await host.client.create({ name: "late", cmd: "sleep 600", ...redirected });
    expect(await host.client.status("late")).toMatchObject({ state: "backoff", running: 0 });
    const retries = () => host.err().match(/cannot start `sleep`/g)?.length ?? 0;
    await waitFor(() => retries() >= 6, "more tries");
    await host.client.remove("many");
    await waitFor(async () => (await host.client.status("late")).state === "running", "its next try");
    await host.client.remove("late");
    // One connection, and what Bun opens once.
    await waitFor(() => openFds(host.osPid) <= before + 3, `as few descriptors as before (${before})`);
  });

  test("they run when the limit is raised from outside", async () => {
    await using host = await startHost(["prlimit", "--nofile=64:4096"]);
    Bun.spawnSync(["prlimit", `--pid=${host.osPid}`, "--nofile=64:4096"]);
    await host.client.create(tooMany);
    await waitFor(async () => (await host.client.status("many")).state === "backoff", "the descriptors to run out");
    Bun.spawnSync(["prlimit", `--pid=${host.osPid}`, "--nofile=4096:4096"]);
    await waitFor(async () => (await host.client.status("many")).running === 100, "all to run");
  });
});

describe("when streams take the descriptors", () => {
  test("one too many is refused with 503, gafferd idles, and processes wait", async () => {
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
    expect(await refused.json()).toMatchObject({
      error: "overloaded",
      message: expect.stringContaining(
        "cannot open a stream: the remaining file descriptors are reserved for short requests",
      ),
    });
    const refusedSocket = await fetch(`${host.url}/wstreams/1`, { headers: { upgrade: "websocket" } });
    expect(refusedSocket.status).toBe(503);

    await host.client.create({ name: "one", cmd: "sleep 600" });
    expect(await host.client.status("one")).toMatchObject({ state: "backoff" });
    const [cpuBefore, startMs] = [cpuMs(host.osPid), performance.now()];
    await waitFor(() => performance.now() - startMs > 300, "a while to pass");
    expect(cpuMs(host.osPid) - cpuBefore).toBeLessThan(200);

    for (const reader of readers) reader.abort();
    await waitFor(async () => (await host.client.status("one")).state === "running", "its next try");
    expect((await openStream()).status).toBe(200);
    for (const reader of readers) reader.abort();
  });
});
