import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { GafferdError } from "../../src/errors.ts";
import { EventBus } from "../../src/events/bus.ts";
import { groupNames, templatesInGroup } from "../../src/manager/groups.ts";
import { Manager } from "../../src/manager/manager.ts";
import type { ProcessTemplate } from "../../src/template/template.ts";
import { lives } from "../process/observe.ts";
import { fixtureCommand, sampleTemplate } from "../process/sample-template.ts";
import { silentLog } from "../supervisor/hosting.ts";
import { countCallTurns, useSlice } from "../take-slices.ts";
import { waitFor } from "../wait-for.ts";

let manager: Manager;
let bus: EventBus;
let story: string[];

beforeEach(() => {
  bus = new EventBus((error) => {
    throw error;
  });
  story = [];
  bus.subscribe((event) => story.push(`${event.type} ${event.name}`));
  manager = new Manager({ bus, log: silentLog });
});

afterEach(async () => {
  manager.kill();
  await manager.close();
  expect(manager.runningIds()).toEqual([]);
});

const template = (name: string, overrides: Partial<ProcessTemplate> = {}) =>
  sampleTemplate({ name, cmd: "sleep 60", ...overrides });

const planned = (name: string, overrides: Partial<ProcessTemplate> = {}) => {
  const each = template(name, overrides);
  return { template: each, source: "file:/srv/gaffer.ini:1", isWanted: each.start } as const;
};

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof GafferdError) return error.code;
    throw error;
  }
  return "none";
}

describe("create", () => {
  test("starts the template, unless `start` is false", async () => {
    manager.create(template("a", { numprocesses: 2 }));
    await manager.get("a").filled();
    manager.create(template("b", { start: false }));
    expect(manager.names()).toEqual(["a", "b"]);
    expect(manager.runningIds()).toEqual([1, 2]);
    expect(story).toEqual(["create a", "start a", "spawn a", "spawn a", "create b"]);
  });

  test("a name that is taken is a conflict", () => {
    manager.create(template("a"));
    expect(codeOf(() => manager.create(template("a")))).toBe("conflict");
    expect(manager.runningIds()).toEqual([1]);
  });

  test("a template that cannot be spawned is not added and uses no process id", () => {
    expect(codeOf(() => manager.create(template("a", { cmd: "/nowhere/program" })))).toBe("spawn_failed");
    expect(manager.names()).toEqual([]);
    manager.create(template("a"));
    expect(manager.runningIds()).toEqual([1]);
  });
});

describe("load", () => {
  test("adds templates in the order of the file and starts them by priority, those without one last", async () => {
    const priorities = { a: {}, b: { priority: 2 }, c: { priority: 1 }, d: {}, e: { start: false } };
    await manager.load(Object.entries(priorities).map(([name, overrides]) => planned(name, overrides)));
    expect(manager.names()).toEqual(["a", "b", "c", "d", "e"]);
    expect(story.filter((event) => event.startsWith("spawn"))).toEqual(["spawn c", "spawn b", "spawn a", "spawn d"]);
  });

  test("a template that cannot be spawned becomes fatal, and the others are started", async () => {
    await manager.load([planned("bad", { cmd: "/nowhere/program" }), planned("good")]);
    expect(manager.get("bad").status()).toMatchObject({ state: "fatal", active: false });
    expect(manager.get("good").status().state).toBe("running");
  });
});

describe("delete", () => {
  test("resolves when its processes have ended; its name is then free", async () => {
    manager.create(template("a"));
    const [osPid = 0] = manager.get("a").processes.map((process) => process.osPid);
    await Promise.all([manager.delete("a"), manager.delete("a")]);
    expect(lives(osPid)).toBe(false);
    expect(manager.names()).toEqual([]);
    expect(story.filter((event) => event === "delete a")).toHaveLength(1);
    manager.create(template("a"));
    expect(manager.runningIds()).toEqual([2]);
  });

  test("while it stops, other actions with its name are rejected", async () => {
    manager.create(
      template("a", { cmd: fixtureCommand("ignore-sigterm.sh"), redirectOutput: ["out"], gracefulTimeoutMs: 300 }),
    );
    await waitFor(() => (manager.get("a").processes[0]?.rings.get("out")?.head ?? 0) > 0, "its trap");
    const deleted = manager.delete("a");
    expect(codeOf(() => manager.start("a"))).toBe("conflict");
    expect(codeOf(() => manager.create(template("a")))).toBe("conflict");
    await deleted;
  });
});

test("unknown names and ids are not found", () => {
  manager.create(template("a"));
  for (const act of [
    () => manager.get("b"),
    () => manager.start("b"),
    () => manager.findProcess(0),
    () => manager.findProcess(2),
    () => manager.signal("b", 1),
    () => templatesInGroup("b", manager.names()),
  ]) {
    expect(codeOf(act)).toBe("not_found");
  }
});

test("the error for an unknown name suggests the most similar one", () => {
  for (const name of ["web:api", "web:jobs"]) manager.create(template(name, { start: false }));
  expect(() => manager.get("web:ap")).toThrow("there is no process template `web:ap`; did you mean `web:api`?");
  expect(() => templatesInGroup("wbe", manager.names())).toThrow("there is no group `wbe`; did you mean `web`?");
  expect(() => manager.get("database")).toThrow(/^there is no process template `database`$/);
  expect(() => manager.get("web:api".repeat(300))).toThrow(/`$/);
});

test("process ids are never used twice, even for different templates", async () => {
  manager.create(template("a"));
  manager.create(template("b"));
  await manager.restart("a", { spawnFirst: false });
  expect(manager.runningIds()).toEqual([2, 3]);
  expect(manager.findProcess(1).process.state).toBe("exited");
});

test("a stopped process is replaced by its template", async () => {
  manager.create(template("a"));
  await manager.stopProcess(1);
  expect(manager.runningIds()).toEqual([2]);
});

test("a signal is sent to one process, or to all of a template", async () => {
  manager.create(template("a", { numprocesses: 2, restart: "never" }));
  await manager.get("a").filled();
  manager.signal(1, 10);
  await waitFor(() => manager.findProcess(1).process.exit, "the first exit");
  expect(manager.runningIds()).toEqual([2]);
  manager.signal("a", 12);
  const second = await waitFor(() => manager.findProcess(2).process.exit, "the second exit");
  expect(second.status).toEqual({ signal: "SIGUSR2" });
});

test("a group is the part of the name before the first colon", () => {
  for (const name of ["web:api", "db", "web:page:1", "jobs:x", ":odd"])
    manager.create(template(name, { start: false }));
  expect(groupNames(manager.names())).toEqual(["web", "jobs"]);
  expect(templatesInGroup("web", manager.names())).toEqual(["web:api", "web:page:1"]);
});

/** Whether the first process of a template has printed something. */
const hasSpoken = (name: string) => {
  const [process] = manager.get(name).processes;
  return (process?.rings.get("out")?.head ?? 0) > 0;
};

describe("close", () => {
  test("stops in reverse priority, each priority after the later ones have ended", async () => {
    const priorities = { late: {}, second: { priority: 2 }, first: { priority: 1 } };
    await manager.load(Object.entries(priorities).map(([name, overrides]) => planned(name, overrides)));
    story.length = 0;
    await manager.close();
    expect(story).toEqual(
      ["late", "second", "first"].flatMap((name) => [`stop ${name}`, `stop_pid ${name}`, `exit ${name}`]),
    );
  });

  test("new work is rejected", async () => {
    manager.create(template("a"));
    const closed = manager.close();
    expect(codeOf(() => manager.create(template("b")))).toBe("overloaded");
    expect(codeOf(() => manager.start("a"))).toBe("overloaded");
    await closed;
    expect(manager.runningIds()).toEqual([]);
  });

  test("`kill` ends it immediately", async () => {
    const stubborn = { cmd: fixtureCommand("ignore-sigterm.sh"), redirectOutput: ["out"], gracefulTimeoutMs: 60_000 };
    await manager.load([planned("a", stubborn), planned("b", { ...stubborn, priority: 1 })]);
    const isReady = (id: number) => (manager.findProcess(id).process.rings.get("out")?.head ?? 0) > 0;
    await waitFor(() => isReady(1) && isReady(2), "their traps");
    const closed = manager.close();
    manager.kill();
    await closed;
    expect(manager.findProcess(2).process.exit?.status).toEqual({ signal: "SIGKILL" });
  });

  const stubborn = { cmd: "sh -c 'trap \"\" TERM; echo; while :; do sleep 1; done'", redirectOutput: ["out"] };

  test("reports templates that it waits for, and kills after the longest graceful timeout, for any number of priorities", async () => {
    const gracefulTimeoutMs = 1500;
    for (const [priority, name] of ["a", "b", "c"].entries()) {
      manager.create(sampleTemplate({ name, ...stubborn, gracefulTimeoutMs, priority }));
    }
    await waitFor(() => ["a", "b", "c"].every(hasSpoken), "all to ignore SIGTERM");
    const waited: string[] = [];
    const processes = manager.names().flatMap((name) => manager.get(name).processes);
    await manager.close(({ template: { name } }) => waited.push(name));
    expect(waited).toEqual(["c"]);
    const [first = 0, , last = 0] = processes.map(({ exit }) => exit?.exitedAtMs);
    // One after the other, each would have had the full timeout.
    expect(Math.abs(last - first)).toBeLessThan(gracefulTimeoutMs);
  });
});

test("updates that begin together are made in several turns of the event loop, in order", async () => {
  const names = Array.from({ length: 10 }, (_, index) => `t${index}`);
  for (const name of names) manager.create(template(name, { start: false }));
  const turns = await countCallTurns(async (called) => {
    bus.subscribe(({ type }) => {
      if (type !== "update") return;
      called();
      useSlice();
    });
    await Promise.all(names.map((name) => manager.update(name, template(name, { start: false, env: { A: "b" } }))));
  });
  expect(story.filter((event) => event.startsWith("update"))).toEqual(names.map((name) => `update ${name}`));
  expect(turns).toBeGreaterThan(5);
});
