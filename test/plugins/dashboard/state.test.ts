import { describe, expect, test } from "bun:test";
import type { DetailDocument, EventDocument, TemplateStatsDocument } from "gafferd/client";
import { Figures } from "../../../plugins/dashboard/src/state/figures.ts";
import { Fleet } from "../../../plugins/dashboard/src/state/fleet.ts";
import { formatAge, formatBytes, formatPercent } from "../../../plugins/dashboard/src/format.ts";
import { processBadge, templateBadge } from "../../../plugins/dashboard/src/badge.ts";
import { emptyDraft, toBody, toField } from "../../../plugins/dashboard/src/dialogs/new-template.ts";
import { type Order, toRows } from "../../../plugins/dashboard/src/list/rows.ts";

const time = "2026-01-31T12:00:00.000Z";
const event = (type: EventDocument["event"], name: string, pid?: number): EventDocument => ({
  event: type,
  name,
  time,
  seq: 1,
  ...(pid !== undefined && { pid, os_pid: 1000 + pid }),
});
type Status = DetailDocument["status"];

const status = { numprocesses: 1, state: "running", restarts: 0 };
/** The members of a template's document that these tests use. */
const detail = (name: string, pids: number[] = []) =>
  ({
    name,
    status,
    processes: pids.map((pid) => ({ pid, os_pid: 1000 + pid, state: "running", started_at: time })),
  }) as unknown as DetailDocument;
const processesOf = (fleet: Fleet, name: string) =>
  fleet.get(name)?.processes.map(({ pid, state }) => `${pid} ${state}`);

describe("a fleet", () => {
  test("updates processes from their events, and reports that the status is stale", () => {
    const fleet = new Fleet();
    fleet.reset([detail("web", [1])]);
    expect(fleet.apply(event("spawn", "web", 2))).toBe("status");
    fleet.apply(event("stop_pid", "web", 1));
    expect(processesOf(fleet, "web")).toEqual(["1 stopping", "2 running"]);
    fleet.apply(event("exit", "web", 1));
    expect(processesOf(fleet, "web")).toEqual(["2 running"]);
  });

  test("is not changed by events that the answer contained already", () => {
    const fleet = new Fleet();
    fleet.reset([detail("web", [2])]);
    for (const each of [event("spawn", "web", 1), event("exit", "web", 1), event("spawn", "web", 2)]) fleet.apply(each);
    expect(processesOf(fleet, "web")).toEqual(["2 running"]);
  });

  test("reports that a new or changed template is stale, and removes a deleted one", () => {
    const fleet = new Fleet();
    expect(fleet.apply(event("create", "web"))).toBe("settings");
    expect(fleet.apply(event("spawn", "unheard-of", 1))).toBe("settings");
    fleet.reset([detail("web", [1])]);
    expect(fleet.apply(event("update", "web"))).toBe("settings");
    expect(fleet.apply(event("delete", "web"))).toBeUndefined();
    expect(fleet.templates).toEqual([]);
  });

  test("asks nothing when runs start and end: they are no templates", () => {
    const fleet = new Fleet();
    expect([fleet.apply(event("spawn", "run~a", 1)), fleet.apply(event("exit", "run~a", 1))]).toEqual([
      undefined,
      undefined,
    ]);
  });

  test("replaces the object of a changed template, so that views notice", () => {
    const fleet = new Fleet();
    fleet.reset([detail("a"), detail("b")]);
    const [a, b] = fleet.templates;
    fleet.setStatus("a", { ...status, state: "stopped" } as DetailDocument["status"]);
    expect(fleet.get("a")).not.toBe(a as DetailDocument);
    expect(fleet.get("b")).toBe(b as DetailDocument);
  });
});

const mark = (of: object) =>
  templateBadge({
    status: { state: "running", exits_in_a_row: 0, reason: null, next_retry_at: null, ...of } as Status,
  });
const reason = "exited with status 1 after 0.01 s, 14 times in a row";

describe("the badge of a template", () => {
  test("shows its state", () => {
    expect(mark({})).toEqual({ text: "running", tone: "running" });
    expect(mark({ state: "fatal", reason: "no such program" })).toEqual({
      text: "fatal",
      tone: "fatal",
      title: "no such program",
    });
  });

  test("shows a crash loop in all its states, with the reason and the next attempt", () => {
    const loop = { exits_in_a_row: 14, reason };
    expect(mark({ ...loop, state: "backoff", next_retry_at: time })).toEqual({
      text: "backoff",
      tone: "failing",
      title: `${reason}; next attempt ${new Date(time).toLocaleTimeString()}`,
    });
    expect(mark({ ...loop, state: "running" })).toMatchObject({ text: "crash loop", tone: "failing", title: reason });
    expect(mark({ ...loop, state: "starting" })).toMatchObject({ text: "crash loop", tone: "failing" });
  });

  test("a process in a crash loop is not green before it has run long enough", () => {
    const process = { state: "running", started_at: time } as const;
    const toneAt = (afterMs: number, of: object, backoff: unknown = { reset_after: 5 }) =>
      processBadge({ status: of as Status, backoff: backoff as never }, process, Date.parse(time) + afterMs).tone;
    expect(toneAt(0, { exits_in_a_row: 0 })).toBe("running");
    expect(toneAt(4999, { exits_in_a_row: 3 })).toBe("starting");
    expect(toneAt(5000, { exits_in_a_row: 3 })).toBe("running");
    expect(toneAt(9999, { exits_in_a_row: 3 }, false)).toBe("starting");
  });
});

const sample = (name: string, ...pids: number[]) =>
  ({
    name,
    stats: pids.map((id) => ({ id, cpu: 1, rss: 100, children: [{ cpu: 2, rss: 50, children: [] }] })),
  }) as unknown as TemplateStatsDocument;

describe("figures", () => {
  test("exist for templates, and for processes including their children", () => {
    const figures = new Figures();
    figures.take([sample("web", 1, 2), sample("idle")], 5000);
    expect([figures.latest(1), figures.latest("web"), figures.latest("idle")]).toEqual([
      { cpu: 3, rss: 150 },
      { cpu: 6, rss: 300 },
      undefined,
    ]);
    expect(figures.series("idle")).toEqual({ times: [5], cpu: [null], rss: [null] });
  });

  test("are kept for five minutes, and until the template or process is gone", () => {
    const figures = new Figures();
    for (let second = 1; second <= 400; second += 1) figures.take([sample("web", 1)], second * 1000);
    expect(figures.series("web")?.times).toHaveLength(300);
    expect(figures.series("web")?.times[0]).toBe(101);
    figures.interrupt(401_000);
    expect(figures.latest("web")).toBeUndefined();
    figures.take([sample("web", 2)], 402_000);
    expect(figures.series(1)).toBeUndefined();
  });
});

describe("rows", () => {
  const figures = new Figures();
  figures.take([sample("b", 1), sample("a2", 2, 3), sample("a10")], 1000);
  const templates = [detail("b", [1]), detail("a2", [2, 3]), detail("a10")];
  const keys = (order: Partial<Order> = {}, filter = "", ...expanded: string[]) =>
    toRows(templates, figures, {
      filter,
      order: { column: undefined, isDescending: false, ...order },
      expanded: new Set(expanded),
    }).map(({ key }) => key);

  test("are sorted by creation or by a column", () => {
    expect(keys()).toEqual(["b", "a2", "a10"]);
    expect(keys({ column: "name" })).toEqual(["a2", "a10", "b"]);
    expect(keys({ column: "cpu", isDescending: true })).toEqual(["a2", "b", "a10"]);
    expect(keys({ column: "running" })).toEqual(["a10", "b", "a2"]);
  });

  test("match the filter, and include the processes of expanded templates", () => {
    expect(keys({}, " A ", "a2", "b")).toEqual(["a2", "a2/2", "a2/3", "a10"]);
  });
});

describe("a new template", () => {
  const draft = { ...emptyDraft, name: "web", cmd: "true" };

  test("contains what was typed; the daemon's defaults apply to the rest", () => {
    expect(toBody({ ...draft, numprocesses: " 3 ", redirect_output: "", env: "A=1=2\n\nB=\nC" })).toEqual({
      name: "web",
      cmd: "true",
      numprocesses: 3,
      restart: "always",
      redirect_input: false,
      shell: false,
      start: true,
      env: { A: "1=2", B: "", C: "" },
    });
  });

  test("sends text that is not a number, and all other settings, unchanged", () => {
    expect(toBody({ ...draft, numprocesses: "two", more: '{"priority": 1}' })).toMatchObject({
      numprocesses: "two",
      priority: 1,
    });
    expect(toBody({ ...draft, more: "[1]" })).toMatchObject({ field: "more" });
  });

  test.each([
    ["cmd", "cmd"],
    ["env.KEY", "env"],
    ["redirect_output[1]", "redirect_output"],
    ["graceful_timeout", "more"],
    [undefined, undefined],
  ] as const)("shows what is wrong with %s at %s", (path, field) => {
    expect(toField(path)).toBe(field);
  });
});

test("numbers are formatted for people", () => {
  expect([0, 1023, 1024, 12_345_678, 5 * 1024 ** 4].map(formatBytes)).toEqual([
    "0 B",
    "1023 B",
    "1.0 KB",
    "11.8 MB",
    "5.0 TB",
  ]);
  expect([0, 99.94, 250.4].map(formatPercent)).toEqual(["0.0 %", "99.9 %", "250 %"]);
  expect([-5, 59_000, 3_600_000, 200_000_000].map(formatAge)).toEqual(["0 s", "59 s", "1 h 0 min", "2 d 7 h"]);
});
