import { describe, expect, test } from "bun:test";
import { fileURLToPath } from "node:url";
import { statsRoutes } from "../../../src/http/stats/stats-routes.ts";
import { statsLineEncoder, StatsFeed } from "../../../src/http/stats/stats-feed.ts";
import { subjectOfAll } from "../../../src/http/stats/stats-subject.ts";
import { Leases } from "../../../src/leases/leases.ts";
import { Sampler } from "../../../src/process/usage/sampler.ts";
import { procStatOf } from "../../../src/process/proc-stat.ts";
import { takeUsageSample } from "../../../src/process/usage/usage-sample.ts";
import { silentLog } from "../../supervisor/hosting.ts";
import { waitFor } from "../../wait-for.ts";
import { readEvents } from "../feed/event-stream.ts";
import { serve, useServing } from "../serving.ts";

const host = useServing();

const get = (path: string, init?: RequestInit) => fetch(`${host.serving.url}${path}`, init);
const json = async (path: string) => JSON.parse(await (await get(path)).text());

/** Removes values that differ between machines. */
const figures = {
  cpu: expect.any(Number),
  mem: expect.any(Number),
  mem_info1: expect.stringMatching(/^[\d.]+[BKM]$/),
  mem_info2: expect.stringMatching(/^[\d.]+[KMG]$/),
  ctime: expect.stringMatching(/^0:\d\d\.\d\d$/),
  rss: expect.any(Number),
  vms: expect.any(Number),
  fds: expect.any(Number),
  threads: 1,
  io_read: expect.any(Number),
  io_write: expect.any(Number),
};
const nothing = { mem: "N/A", max_mem: "N/A", min_mem: "N/A", cpu: "N/A", max_cpu: "N/A", min_cpu: "N/A" };

describe("GET /stats/:name/:pid", () => {
  test("returns the usage of a process and its children", async () => {
    const id = await host.run("sleep 61 & wait");
    const { osPid } = host.serving.process(id);
    const path = `/stats/${host.lastName}/${id}`;
    const stats = await waitFor(async () => {
      const seen = await json(path);
      return seen.children[0]?.cmdline === "sleep 61" ? seen : undefined;
    }, "its child");
    expect(stats).toEqual({
      slot: 0,
      port: null,
      pid: osPid,
      ...figures,
      username: Bun.spawnSync(["id", "-un"]).stdout.toString().trim(),
      nice: 0,
      cmdline: expect.stringMatching(/sh -c sleep 61 & wait$/),
      children: [
        { ...figures, pid: expect.any(Number), username: stats.username, nice: 0, cmdline: "sleep 61", children: [] },
      ],
    });
    expect(stats.rss).toBeGreaterThan(100_000);
    expect(stats.fds).toBeGreaterThan(2);
    expect(stats.children[0].pid).not.toBe(osPid);
  });

  test("has a process immediately after its start", async () => {
    await json("/stats");
    const id = await host.run("sleep 60");
    expect(await json(`/stats/${host.lastName}/${id}`)).toMatchObject({ pid: host.serving.process(id).osPid });
  });

  test("cpu is the usage since the previous sample", async () => {
    const id = await host.run("kill -STOP $$; while :; do :; done");
    const path = `/stats/${host.lastName}/${id}`;
    const process = host.serving.process(id);
    await waitFor(() => procStatOf(process.osPid)?.state === "T", "a process that has stopped itself");
    await waitFor(async () => (await json(path)).cpu === 0, "an idle process");
    process.signal(18);
    await waitFor(async () => (await json(path)).cpu > 30, "a busy process");
  });

  test("is 404 for a pid that is not a running process of the template", async () => {
    const ended = await host.run("true");
    await waitFor(() => host.serving.process(ended).exit, "its end");
    const name = host.lastName;
    const other = await host.run("sleep 60");
    for (const id of [ended, other, 99_999, 0]) {
      const answer = await get(`/stats/${name}/${id}`);
      expect([answer.status, await answer.json()]).toEqual([
        404,
        { error: "not_found", message: expect.stringContaining(`no running process ${id}`) },
      ]);
    }
    expect((await get(`/stats/nobody/${other}`)).status).toBe(404);
  });
});

describe("GET /stats/:name and /stats", () => {
  test("return each running process, with sum, maximum and minimum", async () => {
    await host.serving.create({ name: "three", cmd: "sleep 60", numprocesses: 3 });
    await host.serving.create({ name: "none", cmd: "sleep 60", start: false });
    await waitFor(() => host.serving.daemon.manager.get("three").processes.length === 3, "three processes");
    const processes = host.serving.daemon.manager.get("three").processes;
    const all = await json("/stats");
    const [three, none] = all;
    expect(three.stats.map(({ id, pid }: { id: number; pid: number }) => [id, pid])).toEqual(
      processes.map(({ id, osPid }) => [id, osPid]),
    );
    for (const [key, sum] of [
      ["mem", three.mem],
      ["cpu", three.cpu],
    ] as const) {
      const values = three.stats.map((each: Record<string, number>) => each[key]);
      expect(three[`max_${key}`]).toBe(Math.max(...values));
      expect(three[`min_${key}`]).toBe(Math.min(...values));
      expect(sum).toBeGreaterThanOrEqual(Math.max(...values));
      // Each of the three values may have been rounded.
      expect(Math.abs(sum - values.reduce((total: number, value: number) => total + value, 0))).toBeLessThan(0.2);
    }
    expect(none).toEqual({ name: "none", stats: [], ...nothing });
    expect(await json("/stats/none")).toEqual(none);
    expect(Object.keys(await json("/stats/three"))).toEqual(Object.keys(three));
  });

  test("`/stats` without templates is an empty list", async () => {
    expect(await json("/stats")).toEqual([]);
  });

  test.each([
    ["/stats/nobody", 404, "not_found", undefined],
    ["/stats/nobody/1", 404, "not_found", undefined],
    ["/stats/own/1.5", 400, "bad_value", "pid"],
    ["/stats/own/x", 400, "bad_value", "pid"],
    ["/stats/own/-1", 400, "bad_value", "pid"],
    ["/stats/999999", 404, "not_found", undefined],
    ["/stats/-1", 400, "bad_value", "pid"],
    ["/stats/own?feed=pigeon", 400, "bad_value", "feed"],
    ["/stats/own?interval=0.09", 400, "bad_value", "interval"],
    ["/stats/own?interval=-1", 400, "bad_value", "interval"],
    ["/stats/own?interval=", 400, "bad_value", "interval"],
    ["/stats/own?interval=x", 400, "bad_value", "interval"],
    ["/stats/own?feed=eventsource&interval=1e9", 400, "bad_value", "interval"],
    ["/stats/own?heartbeat=0", 400, "bad_value", "heartbeat"],
    ["/stats/own/1/2", 404, "resource_not_found", undefined],
  ])("%s is %d %s", async (path, status, error, field) => {
    await host.serving.create({ name: "own", cmd: "sleep 60", start: false });
    const answer = await get(path);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({
      error,
      message: expect.any(String),
      ...(field === undefined ? {} : { field }),
    });
  });

  test("a pid instead of a name is rejected", async () => {
    const id = await host.run("sleep 60");
    const answer = await get(`/stats/${id}`);
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: "bad_value", field: "name" }]);
  });

  test("support GET, and HEAD leaves no reader behind", async () => {
    await host.serving.create({ name: "own", cmd: "sleep 60" });
    expect((await get("/stats/own", { method: "POST" })).headers.get("allow")).toBe("GET, HEAD, OPTIONS");
    const head = await get("/stats/own?feed=eventsource", { method: "HEAD" });
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    await waitFor(() => host.serving.daemon.manager.readerCount() === 0, "the end of the stream");
  });
});

describe("a stream", () => {
  test("sends a sample immediately, then one per interval", async () => {
    const id = await host.run("sleep 60");
    const startMs = performance.now();
    const answer = await get(`/stats/${host.lastName}/${id}?feed=eventsource&interval=0.5`);
    expect(answer.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
    const times: number[] = [];
    for await (const { event, data, id: eventId } of readEvents(answer.body)) {
      expect([event, eventId]).toEqual(["stats", ""]);
      expect(JSON.parse(data)).toMatchObject({ pid: host.serving.process(id).osPid, cmdline: expect.any(String) });
      if (times.push(performance.now() - startMs) === 3) break;
    }
    const [first = 0, , third = 0] = times;
    expect(first).toBeLessThan(500);
    // Two intervals of 500 ms, even if the first sample is late on a busy machine.
    expect(third - first).toBeGreaterThan(550);
  });

  test("sends lines of JSON with feed=continuous", async () => {
    await host.run("sleep 60");
    const answer = await get(`/stats/${host.lastName}?feed=continuous&interval=0.1`);
    expect(answer.headers.get("content-type")).toBe("application/x-ndjson");
    let text = "";
    for await (const chunk of answer.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.split("\n").length > 3) break;
    }
    const [first = "", second = ""] = text.split("\n");
    expect(JSON.parse(first)).toMatchObject({ name: host.lastName, stats: [{ id: expect.any(Number) }] });
    expect(JSON.parse(second)).toMatchObject({ name: host.lastName });
  });

  test("of a process ends when it has exited", async () => {
    const id = await host.run("read line", { redirect_input: true });
    const answer = await get(`/stats/${host.lastName}/${id}?feed=eventsource&interval=3600`);
    const events = readEvents(answer.body);
    expect((await events.next()).done).toBe(false);
    await get(`/streams/${id}/stdin?eof=true`, { method: "POST" });
    expect((await events.next()).done).toBe(true);
  });

  test("of a template continues while no process is running, and ends when the template is deleted", async () => {
    await host.serving.create({ name: "own", cmd: "sleep 60" });
    const answer = await get("/stats/own?feed=eventsource&interval=0.1");
    const events = readEvents(answer.body);
    expect(JSON.parse((await events.next()).value?.data ?? "").stats).toHaveLength(1);
    await get("/processes/own/_stop", { method: "POST" });
    let last: unknown;
    await waitFor(async () => {
      last = JSON.parse((await events.next()).value?.data ?? "");
      return Bun.deepEquals(last, { name: "own", stats: [], ...nothing });
    }, "a sample of nothing");
    await get("/processes/own/_start", { method: "POST" });
    await waitFor(async () => JSON.parse((await events.next()).value?.data ?? "").stats.length === 1, "its next run");
    await get("/processes/own", { method: "DELETE" });
    await waitFor(async () => (await events.next()).done, "the end of the stream");
  });

  test("of all templates ends when the daemon stops", async () => {
    const { url, daemon } = await serve();
    const answer = await fetch(`${url}/stats?feed=eventsource&interval=3600`);
    const events = readEvents(answer.body);
    expect((await events.next()).value?.data).toBe("[]");
    const stopped = daemon.stop();
    expect((await events.next()).done).toBe(true);
    await stopped;
    expect(daemon.bus.readerCount).toBe(0);
  });

  test("sends heartbeats if its interval is long", async () => {
    await host.serving.create({ name: "own", cmd: "sleep 60", start: false });
    const reader = (await get("/stats/own?feed=eventsource&interval=3600&heartbeat=0.1")).body?.getReader();
    let text = "";
    // There may also be heartbeats before the first sample.
    while (!/event: stats\ndata: \{"name":"own".*\n\n:\n\n$/.test(text))
      text += Buffer.from((await reader?.read())?.value ?? []).toString();
    expect(text.match(/event: stats/g)).toHaveLength(1);
    await reader?.cancel();
  });
});

/** Only the stats routes, on the daemon's manager, with a counter of samples. */
function countReadings() {
  const { manager, bus } = host.serving.daemon;
  const counted = { readings: 0, sampler: new Sampler() };
  counted.sampler = new Sampler((earlier) => {
    counted.readings += 1;
    return takeUsageSample(earlier);
  });
  const routes = statsRoutes({
    manager,
    bus,
    leases: new Leases({ log: silentLog }),
    log: silentLog,
    sampler: counted.sampler,
  });
  const body = async (path: string): Promise<ReadableStream<Uint8Array>> => {
    const answer = await routes.handle(new Request(`http://localhost${path}`));
    if (answer.body === null) throw new Error(`no body: ${answer.status}`);
    return answer.body;
  };
  return { counted, body };
}

/** The import path of a source file. */
const source = (path: string) => JSON.stringify(fileURLToPath(new URL(`../../../src/${path}`, import.meta.url)));

describe("sampling", () => {
  test("takes one sample per tick for any number of clients, and none after they disconnect", async () => {
    const id = await host.run("sleep 60");
    const { counted, body } = countReadings();
    const path = `/stats/${host.lastName}/${id}?feed=continuous&interval=0.2`;
    const watchers = await Promise.all(Array.from({ length: 100 }, () => body(path)));
    const readers = watchers.map((watcher) => watcher.getReader());
    const ticks = 5;
    for (let tick = 0; tick < ticks; tick++) {
      const chunks = await Promise.all(readers.map((reader) => reader.read()));
      expect(
        chunks.filter(({ value }) =>
          Buffer.from(value ?? [])
            .toString()
            .startsWith("{"),
        ),
      ).toHaveLength(100);
    }
    expect(counted.readings).toBeLessThanOrEqual(ticks + 1);
    expect(counted.readings).toBeGreaterThanOrEqual(ticks - 1);
    await Promise.all(readers.map((reader) => reader.cancel()));
    expect(host.serving.daemon.manager.readerCount()).toBe(0);
    const left = counted.readings;
    const goneAtMs = performance.now();
    await waitFor(() => performance.now() > goneAtMs + 450, "two ticks without anybody");
    expect(counted.readings).toBe(left);
  });

  test("takes no samples for a client that does not read; it then gets only the latest one", async () => {
    await host.serving.create({ name: "own", cmd: "sleep 60", start: false });
    const { counted, body } = countReadings();
    const reader = (await body("/stats/own?feed=continuous&interval=0.1")).getReader();
    await reader.read();
    const startMs = performance.now();
    await waitFor(() => performance.now() > startMs + 350, "three ticks");
    expect(counted.readings).toBe(1);
    await host.serving.create({ name: "other", cmd: "sleep 60", start: false });
    await get("/processes/own/_start", { method: "POST" });
    const { value } = await reader.read();
    const lines = Buffer.from(value ?? [])
      .toString()
      .trim()
      .split("\n");
    expect(lines.map((line) => JSON.parse(line).stats.length)).toEqual([1]);
    expect(counted.readings).toBe(2);
    await reader.cancel();
  });

  test("is shared by simultaneous single requests", async () => {
    await host.run("sleep 60");
    const { counted, body } = countReadings();
    await Promise.all(Array.from({ length: 20 }, async () => await new Response(await body("/stats")).json()));
    expect(counted.readings).toBe(1);
  });

  test("that takes longer than the interval still produces samples", async () => {
    const { manager, bus } = host.serving.daemon;
    const sampler = new Sampler(async (earlier) => {
      await Bun.sleep(150);
      return await takeUsageSample(earlier);
    });
    let frames = 0;
    const feed = new StatsFeed({
      sampler,
      subject: subjectOfAll(manager, bus),
      encoder: statsLineEncoder,
      intervalMs: 100,
      wake: () => void (feed.next() !== undefined && frames++),
    });
    feed.next();
    await waitFor(() => {
      if (feed.dueMs !== undefined && feed.dueMs <= performance.now()) feed.next();
      return frames >= 2;
    }, "two samples");
    feed.close();
    expect(bus.readerCount).toBe(0);
  });

  test("leaves no timer that keeps the program running after the client disconnects", async () => {
    const code = `
      const { EventBus } = await import(${source("events/bus.ts")});
      const { Manager } = await import(${source("manager/manager.ts")});
      const { statsRoutes } = await import(${source("http/stats/stats-routes.ts")});
      const bus = new EventBus(console.error);
      const routes = statsRoutes({ manager: new Manager({ bus, log: console }), bus, log: console });
      const { body } = await routes.handle(new Request("http://localhost/stats?feed=continuous&interval=3600"));
      const reader = body.getReader();
      await reader.read();
      const next = reader.read();
      await Bun.sleep(10);
      await reader.cancel();
      console.log((await next).done, bus.listenerCount);`;
    const program = Bun.spawn([process.execPath, "-e", code], { timeout: 10_000 });
    expect(await program.stdout.text()).toBe("true 0\n");
    expect(await program.exited).toBe(0);
  });

  test("that fails ends the stream, and logs the reason", async () => {
    const { manager, bus } = host.serving.daemon;
    const sampler = new Sampler(async () => {
      throw new Error("no descriptor is free");
    });
    const warnings: string[] = [];
    const log = { ...silentLog, warn: (message: string) => void warnings.push(message) };
    const routes = statsRoutes({ manager, bus, leases: new Leases({ log }), log, sampler });
    const answer = await routes.handle(new Request("http://localhost/stats?feed=eventsource"));
    expect(await answer.text().catch(String)).toContain("no descriptor is free");
    expect(warnings).toEqual(["disconnected a reader of /stats: no descriptor is free"]);
    expect(bus.readerCount).toBe(0);
  });
});
