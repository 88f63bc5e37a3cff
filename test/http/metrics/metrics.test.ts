import { afterEach, describe, expect, test } from "bun:test";
import { closeSync, openSync } from "node:fs";
import type { TemplateBody } from "../../../src/template/properties.ts";
import { waitFor } from "../../wait-for.ts";
import { eventsOf } from "../feed/event-stream.ts";
import { type Exposition, readExposition } from "./exposition.ts";
import { createService, type Service } from "../service.ts";

const hasProc = process.platform === "linux";
const hasPromtool = Bun.which("promtool") !== null;

let service: Service | undefined;

afterEach(async () => {
  await service?.[Symbol.asyncDispose]();
  service = undefined;
});

function useService(): Service {
  return (service ??= createService());
}

async function create(body: Partial<TemplateBody> & { name: string; cmd: string }): Promise<void> {
  const defaults = { redirect_output: ["out", "err"], restart: "never", graceful_timeout: 2 };
  const { status, body: answer } = await useService().ask("POST", "/processes", { ...defaults, ...body });
  if (status !== 200) throw new Error(JSON.stringify(answer));
}

async function ask(method: string, path: string, body?: unknown) {
  const answer = await useService().ask(method, path, body);
  if (answer.status !== 200) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
  return answer;
}

async function scrape(): Promise<Exposition> {
  return readExposition(String((await ask("GET", "/metrics")).body));
}

const sh = (script: string) => `sh -c '${script}'`;
const ofA = { template: "a" };

/** Scrapes until `isSo` returns true; returns that scrape. */
async function scrapeUntil(isSo: (seen: Exposition) => boolean, what: string): Promise<Exposition> {
  let seen = await scrape();
  await waitFor(async () => isSo((seen = await scrape())), what);
  return seen;
}

const exits = (seen: Exposition) =>
  seen.by("gafferd_template_exits_total", ({ exit_status, signal }) => `${exit_status}${signal}`);
const exitCount = (seen: Exposition) => Object.values(exits(seen)).reduce((sum, count) => sum + count, 0);
const written = (seen: Exposition, labels: Record<string, string>) =>
  seen.value("gafferd_template_output_bytes_total", labels);
const byLabel = (seen: Exposition, figure: string) =>
  seen.by(`gafferd_template_output_${figure}_total`, ({ label = "" }) => label);

async function wantedAndRunning(): Promise<(number | undefined)[]> {
  await useService().settle();
  const seen = await scrape();
  return ["wanted", "running"].map((figure) => seen.value(`gafferd_template_${figure}_processes`, ofA));
}

function assertNoneWentBack(before: Exposition, now: Exposition): void {
  for (const [series, value] of before.series) {
    if (!/^\w+_(total|bucket|sum|count)\{/.test(series)) continue;
    // The series of a process disappears with the process.
    if (series.startsWith("gafferd_process_") && !now.series.has(series)) continue;
    const after = now.series.get(series);
    if (after === undefined || after < value) throw new Error(`${series} went from ${value} to ${after}`);
  }
}

describe("the text", () => {
  test("is valid text format 0.0.4 and follows Prometheus's conventions", async () => {
    await create({ name: "a:b", cmd: sh("echo out; echo err >&2; sleep 60"), numprocesses: 2, redirect_input: true });
    await create({
      name: "c@d",
      cmd: "false",
      flapping: { attempts: 1, window: 1, retry_in: 60, max_retry: 1 },
      restart: "always",
    });
    await create({ name: "idle", cmd: "sleep 60", start: false });
    await scrapeUntil((seen) => exitCount(seen) === 1 && written(seen, { template: "a:b", label: "err" }) === 8, "all");
    const answer = await ask("GET", "/metrics");
    expect(answer.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    const { families } = readExposition(String(answer.body));
    expect([...families].map(([name, { type }]) => `${name} ${type}`)).toEqual([
      "gafferd_build_info gauge",
      "gafferd_spawns_total counter",
      "gafferd_event_loop_lag_seconds histogram",
      "process_cpu_seconds_total counter",
      "process_resident_memory_bytes gauge",
      "process_open_fds gauge",
      "process_start_time_seconds gauge",
      "gafferd_template_wanted_processes gauge",
      "gafferd_template_running_processes gauge",
      "gafferd_template_restarts_total counter",
      "gafferd_template_exits_in_a_row gauge",
      "gafferd_template_exits_total counter",
      "gafferd_template_flaps_total counter",
      "gafferd_template_input_bytes_total counter",
      "gafferd_template_output_bytes_total counter",
      "gafferd_template_output_gaps_total counter",
      "gafferd_template_output_dropped_bytes_total counter",
      "gafferd_template_readers gauge",
      "gafferd_process_cpu_seconds_total counter",
      "gafferd_process_resident_memory_bytes gauge",
      ...(hasProc ? ["gafferd_process_open_fds gauge"] : []),
      "gafferd_leases gauge",
      "gafferd_lease_ends_total counter",
      "gafferd_runs gauge",
      "gafferd_runs_started_total counter",
      "gafferd_runs_ended_total counter",
    ]);
    for (const { help } of families.values()) expect(help).toEndWith(".");
  });

  // `exposition.ts` has its rules, for machines without promtool.
  test.skipIf(!hasPromtool)("pleases promtool", async () => {
    await create({ name: "a", cmd: sh("echo out; exit 3"), numprocesses: 2 });
    await create({ name: "b", cmd: "sleep 60" });
    await scrapeUntil((seen) => exitCount(seen) === 2, "the exits");
    const { body } = await ask("GET", "/metrics");
    const promtool = Bun.spawnSync(["promtool", "check", "metrics"], { stdin: Buffer.from(String(body)) });
    expect(promtool.stderr.toString()).toBe("");
    expect(promtool.exitCode).toBe(0);
  });

  test("supports GET and HEAD, and no other method", async () => {
    expect((await useService().ask("HEAD", "/metrics")).status).toBe(200);
    const refused = await useService().ask("POST", "/metrics");
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD, OPTIONS"]);
  });
});

describe("metrics of a template:", () => {
  test("output bytes are exact for each label, and include processes whose output is no longer in memory", async () => {
    await create({ name: "a", cmd: sh("head -c 100000 /dev/zero; head -c 777 /dev/zero >&2"), numprocesses: 15 });
    const seen = await scrapeUntil((now) => byLabel(now, "bytes")["err"] === 15 * 777 && exitCount(now) === 15, "all");
    expect(useService().manager.get("a").exits).toHaveLength(10);
    expect(byLabel(seen, "bytes")).toEqual({ out: 1_500_000, err: 11_655 });
    expect(seen.value("gafferd_spawns_total")).toBe(15);
  });

  test("input bytes are exact, even if the process leaves data in the pipe", async () => {
    await create({ name: "a", cmd: sh("head -c 300000 >/dev/null; echo read; exec sleep 60"), redirect_input: true });
    await ask("POST", "/streams/1/stdin", new Uint8Array(299_990));
    await ask("POST", "/streams/1/stdin", "ten bytes.and more");
    expect((await scrape()).value("gafferd_template_input_bytes_total", ofA)).toBe(300_008);
  });

  test("input bytes count exactly the bytes that an error response reports", async () => {
    await create({ name: "a", cmd: "sleep 60", redirect_input: true, stdin_timeout: 0.1 });
    const refused = await useService().ask("POST", "/streams/1/stdin", new Uint8Array(200_000));
    const { error, bytes } = refused.body as { error: string; bytes: number };
    expect(error).toBe("overloaded");
    const counted = (await scrape()).value("gafferd_template_input_bytes_total", ofA) ?? 0;
    // A piece that waits for space in the pipe is reported as written, and counted when it is written.
    expect(bytes - counted).toBeWithin(0, 4097);
    expect(counted).toBeGreaterThan(0);
  });

  test("exits are counted by status and signal, across changes of the settings", async () => {
    await create({ name: "a", cmd: sh("exit 3"), numprocesses: 2 });
    await scrapeUntil((seen) => exits(seen)["3"] === 2, "two exits");
    await ask("PUT", "/processes/a", { cmd: sh("kill -9 $$"), numprocesses: 1, restart: "never" });
    await scrapeUntil((seen) => exits(seen)["SIGKILL"] === 1, "the kill");
    await ask("PUT", "/processes/a", { cmd: "true", restart: "never" });
    const seen = await scrapeUntil((now) => exits(now)["0"] === 1, "the exit");
    expect(exits(seen)).toEqual({ "0": 1, "3": 2, SIGKILL: 1 });
    expect(seen.value("gafferd_template_restarts_total", ofA)).toBe(0);
  });

  test("a requested exit is counted, but not as a restart", async () => {
    await create({ name: "a", cmd: "sleep 60", restart: "always" });
    await ask("POST", "/processes/a/_restart");
    const seen = await scrape();
    expect(exits(seen)).toEqual({ SIGTERM: 1 });
    expect(seen.value("gafferd_template_restarts_total", ofA)).toBe(0);
  });

  test("flaps and restarts are counted, and wanted does not change", async () => {
    const flapping = { attempts: 3, window: 10, retry_in: 60, max_retry: 5 };
    await create({ name: "a", cmd: "false", restart: "always", flapping });
    const seen = await scrapeUntil((now) => now.value("gafferd_template_flaps_total", ofA) === 1, "the flap");
    expect(exits(seen)).toEqual({ "1": 3 });
    expect(seen.value("gafferd_template_restarts_total", ofA)).toBe(2);
    expect(seen.value("gafferd_template_wanted_processes", ofA)).toBe(1);
    expect(seen.value("gafferd_template_running_processes", ofA)).toBe(0);
  });

  test("wanted and running follow its state", async () => {
    await create({ name: "a", cmd: "sleep 60", numprocesses: 3, start: false });
    expect(await wantedAndRunning()).toEqual([0, 0]);
    await ask("POST", "/processes/a/_start");
    expect(await wantedAndRunning()).toEqual([3, 3]);
    await ask("POST", "/processes/a/_sub/1");
    expect(await wantedAndRunning()).toEqual([2, 2]);
    await ask("POST", "/processes/a/_stop");
    expect(await wantedAndRunning()).toEqual([0, 0]);
  });

  test("processes that the restart policy does not replace are no longer wanted", async () => {
    await create({ name: "a", cmd: "true", numprocesses: 2 });
    const seen = await scrapeUntil((now) => exitCount(now) === 2, "both exits");
    expect(seen.value("gafferd_template_wanted_processes", ofA)).toBe(0);
  });

  test("gaps and dropped bytes match those reported to a slow reader, and readers are the current readers", async () => {
    const script = "read go; seq 1 20000; seq 1 10 >&2";
    await create({ name: "a", cmd: sh(script), redirect_input: true, output_buffer: 65_536, lossless_timeout: 1 });
    const request = new Request("http://localhost/streams/1?feed=eventsource");
    const answer = await useService().app.handle(request);
    expect((await scrape()).value("gafferd_template_readers", ofA)).toBe(1);
    await ask("POST", "/streams/1/stdin", "go\n");
    const before = await scrapeUntil((now) => byLabel(now, "bytes")["out"] === 108_894, "the end");
    expect(byLabel(before, "gaps")).toEqual({ out: 0, err: 0 });
    const events = await eventsOf(new Uint8Array(await answer.arrayBuffer()));
    const after = await scrape();
    const gaps = events.filter(({ event }) => event === "gap").map(({ data }) => JSON.parse(data) as { bytes: number });
    const lost = gaps.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(lost).toBeGreaterThan(0);
    expect(byLabel(after, "gaps")).toEqual({ out: gaps.length, err: 0 });
    expect(byLabel(after, "dropped_bytes")).toEqual({ out: lost, err: 0 });
    const read = events.filter(({ event }) => event === "out").reduce((sum, { data }) => sum + data.length + 1, 0);
    // The first line after a gap is incomplete.
    expect(read + lost).toBe(byLabel(after, "bytes")["out"] ?? -1);
    expect(after.value("gafferd_template_readers", ofA)).toBe(0);
  });

  test("no counter decreases while the template exists, and all disappear with it", async () => {
    await create({ name: "a", cmd: sh("echo line; exit 1"), restart: "always", numprocesses: 3, backoff: false });
    await create({ name: "b", cmd: "sleep 60" });
    let before = await scrape();
    const restarts = () => before.value("gafferd_template_restarts_total", ofA) ?? 0;
    const scrapeOn = async () => {
      const now = await scrape();
      assertNoneWentBack(before, now);
      before = now;
    };
    await waitFor(async () => (await scrapeOn(), restarts() > 10), "some restarts");
    await ask("PUT", "/processes/a", { cmd: sh("echo line; exit 2"), redirect_output: ["out"], backoff: false });
    await waitFor(async () => (await scrapeOn(), exits(before)["2"] ?? 0) > 10, "some more");
    expect(restarts()).toBeGreaterThan(20);
    await ask("DELETE", "/processes/a");
    const after = await scrape();
    expect([...after.series.keys()].filter((series) => series.includes(`"a"`))).toEqual([]);
    expect(after.value("gafferd_template_exits_total", { template: "b" })).toBeUndefined();
    expect(after.value("gafferd_spawns_total")).toBeGreaterThanOrEqual(
      before.value("gafferd_spawns_total") ?? Infinity,
    );
    await create({ name: "a", cmd: "sleep 60" });
    expect((await scrape()).value("gafferd_template_restarts_total", ofA)).toBe(0);
  });
});

describe("metrics of a process:", () => {
  test.skipIf(!hasProc)("open descriptors, memory and CPU time are its own, by its pid", async () => {
    await create({ name: "a", cmd: sh("exec 7</dev/null 8</dev/null; echo ready; exec sleep 60") });
    await create({ name: "b", cmd: sh("while :; do :; done") });
    await scrapeUntil((now) => written(now, { ...ofA, label: "out" }) === 6, "`ready`");
    const busy = { template: "b", pid: "2", slot: "0", port: "" };
    const seen = await scrapeUntil((now) => (now.value("gafferd_process_cpu_seconds_total", busy) ?? 0) >= 0.1, "load");
    const idle = { template: "a", pid: "1", slot: "0", port: "" };
    expect(seen.value("gafferd_process_open_fds", idle)).toBe(5);
    expect(seen.value("gafferd_process_cpu_seconds_total", idle)).toBeLessThan(0.05);
    const rss = seen.value("gafferd_process_resident_memory_bytes", idle) ?? 0;
    expect(rss).toBeWithin(100_000, 50_000_000);
    const status = await Bun.file(`/proc/${useService().manager.findProcess(1).process.osPid}/status`).text();
    expect(Math.abs(rss - Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024)).toBeLessThan(1_000_000);
  });

  test("there are none after it has exited", async () => {
    await create({ name: "a", cmd: "true" });
    const seen = await scrapeUntil((now) => exitCount(now) === 1, "the exit");
    expect([...seen.families.keys()].filter((name) => name.startsWith("gafferd_process_"))).toEqual([]);
  });
});

describe("metrics of the daemon:", () => {
  test("versions, start time, CPU time and memory", async () => {
    const seen = await scrape();
    expect(seen.value("gafferd_build_info", { version: "1.2.3", bun: Bun.version })).toBe(1);
    const startedMs = (seen.value("process_start_time_seconds") ?? 0) * 1000;
    expect(Date.now() - startedMs - performance.now()).toBeWithin(-1000, 1000);
    expect(seen.value("process_cpu_seconds_total")).toBeWithin(0.01, 3600);
    expect(seen.value("process_resident_memory_bytes")).toBeWithin(10_000_000, 2_000_000_000);
  });

  test("open file descriptors do not include the one used for counting", async () => {
    await scrape();
    const before = (await scrape()).value("process_open_fds") ?? 0;
    const fds = Array.from({ length: 3 }, () => openSync("/dev/null", "r"));
    expect((await scrape()).value("process_open_fds")).toBe(before + 3);
    for (const fd of fds) closeSync(fd);
  });

  test("event loop lag is measured from the first scrape", async () => {
    expect((await scrape()).value("gafferd_event_loop_lag_seconds_count")).toBe(0);
    const untilMs = performance.now() + 300;
    while (performance.now() < untilMs);
    const seen = await scrapeUntil((now) => (now.value("gafferd_event_loop_lag_seconds_count") ?? 0) > 0, "a measure");
    expect(seen.value("gafferd_event_loop_lag_seconds_sum")).toBeGreaterThan(0.15);
  });
});
