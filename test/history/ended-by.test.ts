import { expect, test } from "bun:test";
import { writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decideEndedBy, type EndFacts } from "../../src/history/ended-by.ts";
import { OomKills } from "../../src/history/oom-kills.ts";

const facts: EndFacts = {
  status: { exitCode: 1 },
  ranMs: 12_500,
  request: undefined,
  isShutdown: false,
  sent: undefined,
  stopSignal: "TERM",
  outOfMemory: "no",
};
const killed = { status: { signal: "SIGKILL" } };
const terminated = { status: { signal: "SIGTERM" } };

test.each<[string, Partial<EndFacts>, string, string | undefined]>([
  ["itself", {}, "exited with status 1 after 12.5 s", undefined],
  ["itself", { status: { signal: "SIGSEGV" } }, "was killed by SIGSEGV after 12.5 s: it crashed", undefined],
  ["signal", killed, "was killed by SIGKILL after 12.5 s, which did not come from gafferd", undefined],
  [
    "signal",
    { ...killed, outOfMemory: "somewhere" },
    "was killed by SIGKILL after 12.5 s, which did not come from gafferd; the kernel killed a process of this machine for memory at that time",
    undefined,
  ],
  [
    "signal",
    { ...terminated, sent: { number: 15, by: "plugin:cron" } },
    "was killed by SIGTERM after 12.5 s, which was sent through gafferd by plugin cron",
    "plugin:cron",
  ],
  [
    "signal",
    { ...terminated, sent: { number: 1, by: "http" } },
    "was killed by SIGTERM after 12.5 s, which did not come from gafferd",
    undefined,
  ],
  [
    "out_of_memory",
    { ...killed, outOfMemory: "in its cgroup" },
    "was killed by SIGKILL after 12.5 s: the kernel killed it because memory was short",
    undefined,
  ],
  [
    "limit",
    { status: { signal: "SIGXCPU" } },
    "was killed by SIGXCPU after 12.5 s: it exceeded `rlimit_cpu`",
    undefined,
  ],
  [
    "stop",
    { ...terminated, request: { reason: "stop", by: "http" } },
    "was killed by SIGTERM after 12.5 s: it was stopped over HTTP",
    "http",
  ],
  [
    "stop",
    { ...killed, request: { reason: "stop", by: undefined } },
    "was killed by SIGKILL after 12.5 s: it was stopped, and did not exit within `graceful_timeout`",
    undefined,
  ],
  [
    "stop",
    { ...killed, stopSignal: "KILL", request: { reason: "stop", by: "program" } },
    "was killed by SIGKILL after 12.5 s: it was stopped by the program",
    "program",
  ],
  [
    "restart",
    { status: { exitCode: 0 }, request: { reason: "restart", by: "reload" } },
    "exited with status 0 after 12.5 s: it was replaced by a reload",
    "reload",
  ],
  [
    "scale_down",
    { ...terminated, request: { reason: "reap", by: "http" } },
    "was killed by SIGTERM after 12.5 s: its template was scaled down over HTTP",
    "http",
  ],
  [
    "flapping",
    { ...terminated, request: { reason: "flapping", by: undefined } },
    "was killed by SIGTERM after 12.5 s: its template exited too often",
    undefined,
  ],
  [
    "given_up",
    { ...terminated, request: { reason: "given-up", by: undefined } },
    "was killed by SIGTERM after 12.5 s: its template was given up",
    undefined,
  ],
  [
    "shutdown",
    { ...terminated, isShutdown: true, request: { reason: "stop", by: "http" } },
    "was killed by SIGTERM after 12.5 s: gafferd stopped",
    undefined,
  ],
])("the cause is `%s` for %j", (cause, given, message, by) => {
  expect(decideEndedBy({ ...facts, ...given })).toEqual({ cause: cause as "itself", by: by as undefined, message });
});

test("each kill that the kernel counted for lack of memory is attributed to one exit", () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-oom-"));
  const [events, vmstat] = [join(folder, "memory.events"), join(folder, "vmstat")];
  const count = (inCgroup: number, onMachine: number) => {
    writeFileSync(events, `low 0\nmax 3\noom 5\noom_kill ${inCgroup}\noom_group_kill 0\n`);
    writeFileSync(vmstat, `pgfault 100\noom_kill ${onMachine}\n`);
  };
  count(4, 10);
  const kills = new OomKills({ ofCgroup: [join(folder, "none"), events], ofMachine: vmstat });
  expect(kills.claim()).toBe("no");
  count(6, 13);
  expect([kills.claim(), kills.claim(), kills.claim()]).toEqual(["in its cgroup", "in its cgroup", "no"]);
  const ofMachine = new OomKills({ ofCgroup: [], ofMachine: vmstat });
  expect(ofMachine.claim()).toBe("no");
  count(6, 14);
  expect([ofMachine.claim(), ofMachine.claim()]).toEqual(["somewhere", "no"]);
  expect(new OomKills({ ofCgroup: [], ofMachine: join(folder, "none") }).claim()).toBe("unknown");
  rmSync(folder, { recursive: true });
});
