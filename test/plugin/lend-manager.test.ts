import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Manager } from "gafferd";
import { GafferdError } from "../../src/errors.ts";
import { waitFor } from "../wait-for.ts";
import { source, type Started, startWith } from "./starting.ts";

/** The manager that the daemon of this file gave to an app. */
const lent = globalThis as unknown as { lentManager: Manager };

let started: Started;
beforeAll(async () => {
  const index = source("p", { start: "globalThis.lentManager = manager;" });
  started = await startWith({ files: { "p/plugin/index.ts": index } });
});
afterAll(async () => await started[Symbol.asyncDispose]());

const shell = (name: string, script: string) => ({
  name,
  cmd: script,
  shell: true,
  redirect_output: ["out"],
  graceful_timeout: 2,
});

async function run(name: string, script: string, more: object = {}): Promise<number> {
  lent.lentManager.create({ ...shell(name, script), ...more });
  return (await waitFor(() => lent.lentManager.template(name).processes[0], `the process of ${name}`)).id;
}

/** The code of the error that a call throws. */
async function codeOf(action: () => unknown): Promise<unknown> {
  try {
    await action();
    return "none";
  } catch (error) {
    return error instanceof GafferdError ? error.code : error;
  }
}

describe("the manager of an app", () => {
  test("returns names, settings, status and processes", async () => {
    const manager = lent.lentManager;
    const id = await run("facts", "exec sleep 60");
    expect(manager.names()).toContain("facts");
    const { name, document, status, processes, exits } = manager.template("facts");
    expect({ name, cmd: document.cmd, shell: document.shell, exits }).toEqual({
      name: "facts",
      cmd: "exec sleep 60",
      shell: true,
      exits: [],
    });
    expect(status).toMatchObject({ running: 1, numprocesses: 1, active: true });
    expect(processes).toEqual([manager.process(id)]);
    expect(manager.process(id)).toEqual({
      id,
      osPid: started.daemon.manager.findProcess(id).process.osPid,
      slot: 0,
      name: "facts",
      state: "running",
      startedAtMs: expect.any(Number),
      labels: ["out"],
    });
    await manager.stopProcess(id);
    expect(manager.process(id)).toMatchObject({ state: "exited", exit: { status: { signal: "SIGTERM" } } });
    await manager.delete("facts");
    expect(manager.names()).not.toContain("facts");
  });

  test("throws the same errors as the HTTP API for unknown names", async () => {
    const manager = lent.lentManager;
    expect(await codeOf(() => manager.template("nobody"))).toBe("not_found");
    expect(await codeOf(() => manager.process(9999))).toBe("not_found");
    expect(await codeOf(() => manager.usage("nobody"))).toBe("not_found");
    expect(await codeOf(() => manager.read("nobody"))).toBe("not_found");
    expect(await codeOf(() => manager.restart("nobody"))).toBe("not_found");
    expect(await codeOf(() => manager.create({ name: "x", cmd: "a", numproceses: 2 } as never))).toBe(
      "invalid_process_info",
    );
    expect(await codeOf(() => manager.create({ name: "x", cmd: "/no/such/program" }))).toBe("spawn_failed");
    expect(await codeOf(() => manager.subscribe("nothing", () => {}))).toBe("bad_event_type");
    const id = await run("errors", "exec sleep 60");
    expect(await codeOf(() => manager.create(shell("errors", "x")))).toBe("conflict");
    expect(await codeOf(() => manager.write(id, "x"))).toBe("forbidden_write");
    expect(await codeOf(() => manager.signal(id, "SIGNOPE"))).toBe("bad_value");
    expect(await codeOf(() => manager.scale("errors", 0.5))).toBe("bad_value");
    await manager.delete("errors");
  });

  test("starts, stops, scales, updates, restarts and signals", async () => {
    const manager = lent.lentManager;
    const id = await run("verbs", "exec sleep 60");
    expect(await manager.scale("verbs", 2)).toBe(3);
    await waitFor(() => manager.template("verbs").status.running === 3, "three processes");
    expect(await manager.scale("verbs", -2)).toBe(1);
    await manager.stop("verbs");
    expect(manager.template("verbs").status).toMatchObject({ running: 0, stopped: true });
    manager.start("verbs");
    const second = await waitFor(() => manager.template("verbs").processes[0], "the next process");
    expect(second.id).toBeGreaterThan(id);
    await manager.restart("verbs");
    await manager.restart("verbs", { spawnFirst: true });
    expect(manager.process(second.id).state).toBe("exited");
    await manager.update("verbs", { ...shell("verbs", "exec sleep 61") });
    expect(manager.template("verbs").document.cmd).toBe("exec sleep 61");
    const third = await waitFor(
      () => manager.template("verbs").processes.find(({ state }) => state === "running"),
      "a process",
    );
    manager.signal(third.id, "KILL");
    await waitFor(() => manager.process(third.id).state === "exited", "its end");
    manager.signal("verbs", 15);
    await manager.delete("verbs");
  });

  test("writes to a process and reads its output", async () => {
    const manager = lent.lentManager;
    const id = await run("echo", "exec cat", { redirect_input: true });
    const large = "x".repeat(200_000) + "\n";
    const writing = manager.write(id, large);
    let text = "";
    for await (const item of manager.read(id)) {
      if (item.kind !== "output") continue;
      text += Buffer.from(item.bytes).toString();
      if (text.endsWith("\n")) break;
    }
    await writing;
    expect(text.length).toBe(large.length);
    expect(started.daemon.manager.readerCount()).toBe(0);
    await manager.delete("echo");
    await expect(manager.write(id, "late")).rejects.toMatchObject({ code: "not_found" });
  });

  test("reads a template across restarts until it is deleted", async () => {
    const manager = lent.lentManager;
    const id = await run("lives", "echo hello $$; exec sleep 60");
    const seen: string[] = [];
    const reading = (async () => {
      for await (const item of manager.read("lives", { label: "out" })) {
        if (item.kind === "output")
          seen.push(`${item.id} ${item.name} ${item.label} ${Buffer.from(item.bytes).toString().slice(0, 5)}`);
        else if (item.kind === "gap") seen.push("gap");
        else seen.push(`${item.process.id} ${item.kind}`);
      }
    })();
    await waitFor(() => seen.length === 1, "the first line");
    await manager.restart("lives");
    await waitFor(() => seen.length === 4, "the next process's line");
    await manager.delete("lives");
    await reading;
    const next = id + 1;
    expect(seen).toEqual([
      `${id} lives out hello`,
      `${id} exit`,
      `${next} spawn`,
      `${next} lives out hello`,
      `${next} exit`,
    ]);
  });

  test("reads from the last lines, and reports what a slow reader missed", async () => {
    const manager = lent.lentManager;
    const id = await run("tail", "seq 1 100; echo end; exec sleep 60", { output_buffer: "4k" });
    const ring = started.daemon.manager.findProcess(id).process.rings.get("out");
    await waitFor(() => ring?.head === 296, "a hundred lines");
    const reader = manager.read(id, { tail: 2 });
    const { value } = await reader.next();
    expect(value).toMatchObject({ kind: "output", label: "out", from: 288, to: 296 });
    await reader.return?.();
    expect(started.daemon.manager.readerCount()).toBe(0);
    await manager.delete("tail");
    const flooded = await run("slow", "head -c 20000 /dev/zero | tr '\\\\0' x; echo; exec sleep 60", {
      output_buffer: "4k",
    });
    const slow = manager.read(flooded);
    const flood = started.daemon.manager.findProcess(flooded).process.rings.get("out");
    await waitFor(() => flood?.head === 20_001, "more than is held");
    expect((await slow.next()).value).toMatchObject({ kind: "gap", processId: flooded, label: "out", from: 0 });
    await slow.return?.();
    await manager.delete("slow");
  });

  test("yields an incomplete line after a pause, and ends a waiting reader when it is left", async () => {
    const manager = lent.lentManager;
    const id = await run("prompt", "printf 'name? '; exec sleep 60");
    const reader = manager.read(id);
    expect(Buffer.from(((await reader.next()).value as { bytes: Uint8Array }).bytes).toString()).toBe("name? ");
    const waiting = reader.next();
    await reader.return?.();
    expect(await waiting).toMatchObject({ done: true });
    await manager.delete("prompt");
  });

  test("returns the CPU and memory of processes, including their children", async () => {
    const manager = lent.lentManager;
    const id = await run("usage", "sleep 60 & echo ready; wait");
    await waitFor(async () => {
      const [usage] = await manager.usage("usage");
      return (
        usage !== undefined && usage.id === id && usage.rssBytes > 0 && usage.children[0]?.commandLine === "sleep 60"
      );
    }, "the usage of a shell and its child");
    expect((await manager.usage(id)).map((usage) => usage.id)).toEqual([id]);
    await manager.delete("usage");
  });

  test("returns copies that do not affect others", async () => {
    const manager = lent.lentManager;
    const heard: string[] = [];
    const first = manager.subscribe("create", (event) => {
      (event as { name: string }).name = "forged";
    });
    const second = manager.subscribe("create", (event) => heard.push(event.name));
    manager.create({ name: "true", cmd: "sleep 60", start: false });
    expect(heard).toEqual(["true"]);
    expect(started.daemon.bus.at(started.daemon.bus.head)?.name).toBe("true");
    (manager.template("true").document as { cmd: string }).cmd = "forged";
    expect(manager.template("true").document.cmd).toBe("sleep 60");
    expect(() => Object.assign(manager, { names: () => [] })).toThrow();
    first();
    second();
    await manager.delete("true");
  });

  test.each([
    [".", ["create", "start", "spawn", "stop", "stop_pid", "exit", "delete"]],
    ["spawn", ["spawn"]],
    ["proc.web", ["create", "start", "spawn", "stop", "stop_pid", "exit", "delete"]],
    ["proc.web.exit", ["exit"]],
    ["proc.other", []],
  ])("reports events of the pattern %s until the subscription is ended", async (pattern, types) => {
    const manager = lent.lentManager;
    const heard: string[] = [];
    const end = manager.subscribe(pattern, ({ type }) => heard.push(type));
    await run("web", "exec sleep 60");
    await manager.delete("web");
    expect(heard).toEqual(types);
    end();
    manager.create({ name: "web", cmd: "x", start: false });
    await manager.delete("web");
    expect(heard).toEqual(types);
  });
});

describe("a listener that fails", () => {
  test.each([
    ["by throwing", "() => { throw new Error('boom'); }"],
    ["by rejecting", "async () => { throw new Error('boom'); }"],
  ])("%s is logged by name; the others and gafferd continue", async (_, listener) => {
    await using own = await startWith({
      files: {
        "bad/plugin/index.ts": source("bad", { start: `manager.subscribe("create", ${listener});` }),
        "good/plugin/index.ts": source("good", {
          start: `manager.subscribe("create", () => manager.log.info("event"));`,
        }),
      },
    });
    const { status } = await own.ask("POST", "/processes", { name: "x", cmd: "sleep 1", start: false });
    expect(status).toBe(200);
    const failed = await waitFor(() => own.logged.find(({ line }) => line.startsWith("error")), "the line of the log");
    expect(failed).toEqual({
      line: "error plugin bad: a listener of `create` failed",
      cause: expect.objectContaining({ message: "boom" }),
    });
    expect(own.lines("event")).toEqual(["info plugin good: event"]);
  });
});

test("what an app left open is closed when it stops, and its manager throws `gone`", async () => {
  const index = source("p", {
    start: `
      globalThis.forgotten = manager;
      manager.subscribe(".", () => manager.log.info("event"));
      manager.create({ name: "x", cmd: "sleep 60", redirect_output: ["out"] });
      manager.read("x");
      globalThis.reading = manager.read("x", { tail: 0 }).next();
    `,
    more: `restart = undefined;`,
  });
  const own = await startWith({ files: { "p/plugin/index.ts": index } });
  const { forgotten, reading } = globalThis as unknown as {
    forgotten: Manager;
    reading: Promise<IteratorResult<unknown>>;
  };
  await waitFor(() => own.daemon.manager.get("x").status().running === 1, "the process");
  const listeners = own.daemon.bus.listenerCount;
  await own.daemon.manager.delete("x");
  await own.daemon.stop();
  // Those of the app, the copies of output and the journal.
  expect(own.daemon.bus.listenerCount).toBe(listeners - 3);
  expect(own.daemon.manager.readerCount()).toBe(0);
  await reading;
  const calls: readonly (() => unknown)[] = [
    () => forgotten.names(),
    () => forgotten.subscribe(".", () => {}),
    () => forgotten.read("x"),
    () => forgotten.create({ name: "y", cmd: "sleep 60" }),
    () => forgotten.start("x"),
  ];
  for (const call of calls) expect(call).toThrow("the plugin `p` has stopped");
  await expect(forgotten.stop("x")).rejects.toMatchObject({ code: "gone" });
  await own[Symbol.asyncDispose]();
});
