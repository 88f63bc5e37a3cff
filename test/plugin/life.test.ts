import { describe, expect, test } from "bun:test";
import { waitFor } from "../wait-for.ts";
import { type Logged } from "../recorded-log.ts";
import { refusal, source, startWith } from "./starting.ts";

describe("a plugin", () => {
  test("starts after the plugins it needs and before templates, and stops after them in reverse order", async () => {
    const started = await startWith({
      files: {
        "a/plugin/index.ts": source("a", {
          mandatory: ["b"],
          start: `manager.subscribe(".", ({ type }) => manager.log.info(type));`,
        }),
        "b/plugin/index.ts": source("b"),
      },
      ini: "[process:x]\ncmd = sleep 60\n",
    });
    await waitFor(() => started.daemon.manager.get("x").status().running === 1, "the process");
    await started[Symbol.asyncDispose]();
    expect(started.lines("plugin ").map((line) => line.replace("info plugin ", ""))).toEqual([
      "b: start",
      "a: start",
      ...["create", "start", "spawn", "stop", "stop_pid", "exit"].map((type) => `a: ${type}`),
      "a: stop",
      "b: stop",
    ]);
  });

  test("is each exported class that extends Plugin, once; other exports are ignored", async () => {
    await using started = await startWith({
      files: {
        "p/plugin/index.ts": `export * from "./one.ts"; export { Plugin } from "gafferd"; export const x = 1; export class No {}`,
        "p/plugin/one.ts": source("one"),
        "p/plugin/two.js": source("two"),
        "p/plugin/lib/three.ts": source("three"),
        "p/plugin/types.d.ts": "this is not even code",
        "p/plugin/README.md": "nor is this",
      },
    });
    expect(started.daemon.plugins.list().map(({ name, state, folder }) => [name, state, folder])).toEqual([
      ["one", "running", `${started.folder}/p`],
      ["two", "running", `${started.folder}/p`],
    ]);
  });

  test("may have no app", async () => {
    const index = `import { Plugin } from "gafferd"; export class P extends Plugin { name = "quiet"; version = "2" }`;
    await using started = await startWith({ files: { "quiet/plugin/index.ts": index } });
    const { name, version, state, answer } = started.daemon.plugins.find("quiet") ?? {};
    expect({ name, version, state, answer }).toEqual({
      name: "quiet",
      version: "2",
      state: "running",
      answer: undefined,
    });
  });

  test("in plugins_dir replaces a bundled one with the same folder or name, and this is logged", async () => {
    await using started = await startWith({
      files: { "mine/plugin/index.ts": source("guard"), "same/plugin/index.ts": source("other") },
      bundled: { "guard/plugin/index.ts": source("guard"), "same/plugin/index.ts": source("same") },
    });
    expect(started.daemon.plugins.list().map(({ name, bundled }) => [name, bundled])).toEqual([
      ["guard", false],
      ["other", false],
    ]);
    expect(started.lines("replaces the one")).toEqual([
      `info the plugin \`guard\` in ${started.folder}/mine/plugin/index.ts replaces the one that ships with gafferd`,
    ]);
  });

  test("that is bundled is loaded when `bundled_plugins` names it", async () => {
    const bundled = { "a/plugin/index.ts": source("a"), "guard/plugin/index.ts": source("b") };
    for (const [wanted, names] of [
      ["all", ["a", "b"]],
      ["guard", ["b"]],
      ["none", []],
    ] as const) {
      await using started = await startWith({ bundled, ini: `[gaffer]\nbundled_plugins = ${wanted}\n` });
      expect([wanted, started.daemon.plugins.list().map(({ name }) => name)]).toEqual([wanted, [...names]]);
    }
    expect(await refusal({ bundled, ini: "[gaffer]\nbundled_plugins = a, guadr\n" })).toBe(
      "unknown plugin `guadr` in `bundled_plugins` of [gaffer]: it does not ship with gafferd; did you mean `guard`?",
    );
  });

  test("is not loaded by a program that provides no modules", async () => {
    const { loadConfig, startDaemon } = await import("gafferd");
    const { silentLog } = await import("../supervisor/hosting.ts");
    const config = loadConfig(undefined, { bind: "127.0.0.1:0", pluginsDir: "/no/such/folder" });
    const daemon = await startDaemon({ config, version: "1", log: silentLog });
    expect(daemon.plugins.list()).toEqual([]);
    await daemon.restartPlugins();
    await daemon.stop();
  });
});

describe("gafferd does not start and reports the reason when a plugin", () => {
  test.each([
    [
      "throws when it is imported",
      `throw new Error("boom")`,
      "cannot load the plugin DIR/bad/plugin/index.ts: boom (DIR/bad/plugin/index.ts:1:11)",
    ],
    [
      "cannot be parsed",
      `export class {`,
      /^cannot load the plugin DIR\/bad\/plugin\/index.ts: Expected .* \(DIR\/bad\/plugin\/index.ts:1:\d+\)$/,
    ],
    [
      "imports a file that is not there",
      `import "./nope.ts"`,
      /^cannot load the plugin DIR\/bad\/plugin\/index.ts: Cannot find module '.\/nope.ts'/,
    ],
    [
      "imports what gafferd does not export",
      `import { Nope } from "gafferd"; console.log(Nope)`,
      /^cannot load the plugin .*Nope/,
    ],
    [
      "throws when it is made",
      `import { Plugin } from "gafferd"; export class P extends Plugin { name = "p"; x = nope() } function nope() { throw "a text" }`,
      "cannot load the plugin DIR/bad/plugin/index.ts: a text",
    ],
    [
      "has no name",
      `import { Plugin } from "gafferd"; export class P extends Plugin {}`,
      /^cannot load the plugin DIR\/bad\/plugin\/index.ts: undefined is not a valid `name`; use letters/,
    ],
    ["has a name that is not a path segment", source("a/b"), /"a\/b" is not a valid `name`/],
    [
      "needs what is no list",
      source("a").replace("mandatory = []", `mandatory = "b"`),
      /`mandatory` must be a list of names/,
    ],
    [
      "throws in `app`",
      source("p").replace("return new A(config)", `throw new Error("boom")`),
      /^cannot create the app of the plugin `p` in DIR\/bad\/plugin\/index.ts: boom \(DIR\/bad\/plugin\/index.ts:\d+:\d+\)$/,
    ],
    [
      "makes an app that cannot start",
      source("p").replace("return new A(config)", "return {}"),
      /`app` must return an object with a `start`/,
    ],
    [
      "throws in `start`",
      source("p", { start: `throw new Error("boom");` }),
      /^cannot start the plugin `p` in DIR\/bad\/plugin\/index.ts: boom \(/,
    ],
    [
      "throws in `routes`",
      source("p", { more: `routes() { throw new Error("boom"); }` }),
      /^cannot start the plugin `p` in .*: boom \(/,
    ],
    [
      "has routes that are none",
      source("p", { more: `routes() { return {}; }` }),
      /`routes` must return an Elysia instance/,
    ],
    [
      "needs a plugin that is not installed",
      source("p", { mandatory: ["q"] }),
      /`p` needs `q`, which is not installed/,
    ],
  ])("%s", async (_, text, message) => {
    const refused = await refusal({ files: { "bad/plugin/index.ts": text } });
    if (typeof message === "string") expect(refused).toBe(message);
    else expect(refused).toMatch(message);
  });

  test("has the same name as another", async () => {
    expect(await refusal({ files: { "a/plugin/index.ts": source("same"), "b/plugin/x.ts": source("same") } })).toBe(
      "two plugins are named `same`: DIR/a/plugin/index.ts and DIR/b/plugin/x.ts; remove or rename one of them",
    );
  });

  test("has a circular dependency", async () => {
    const files = {
      "a/plugin/index.ts": source("a", { mandatory: ["b"] }),
      "b/plugin/index.ts": source("b", { mandatory: ["a"] }),
    };
    expect(await refusal({ files })).toContain("a -> b -> a");
  });

  test("fails after others have started; they are stopped in reverse order, and gafferd does not listen", async () => {
    const logged: Logged[] = [];
    const refused = await refusal({
      files: {
        "a/plugin/index.ts": source("a"),
        "b/plugin/index.ts": source("b"),
        "c/plugin/index.ts": source("c", { start: `throw new Error("boom");` }),
      },
      ini: "[process:x]\ncmd = touch should-not-be\n",
      logged,
    });
    expect(refused).toContain("cannot start the plugin `c`");
    expect(logged.map(({ line }) => line.replace("info plugin ", ""))).toEqual([
      "a: start",
      "b: start",
      "c: start",
      "b: stop",
      "a: stop",
    ]);
  });
});

describe("at run time a plugin", () => {
  test("that throws in `stop` is logged by name, and the others stop", async () => {
    const started = await startWith({
      files: {
        "a/plugin/index.ts": source("a"),
        "b/plugin/index.ts": source("b", { stop: `throw new Error("boom");` }),
      },
    });
    await started[Symbol.asyncDispose]();
    expect(started.lines()).toEqual([
      "info plugin a: start",
      "info plugin b: start",
      "info plugin b: stop",
      "error plugin b: cannot stop cleanly; continuing without it",
      "info plugin a: stop",
    ]);
  });

  test("with a `restart` is restarted by it; without one it is stopped and started", async () => {
    await using started = await startWith({
      files: {
        "a/plugin/index.ts": source("a", { more: `restart() { this.manager.log.info("restart"); }` }),
        "b/plugin/index.ts": source("b", { start: `manager.subscribe("create", () => manager.log.info("event"));` }),
        "c/plugin/index.ts": source("c", { mandatory: ["b"] }),
      },
    });
    started.logged.length = 0;
    await started.daemon.restartPlugins();
    await started.ask("POST", "/processes", { name: "x", cmd: "sleep 60", start: false });
    expect(started.lines()).toEqual([
      "info plugin c: stop",
      "info plugin b: stop",
      "info plugin a: restart",
      "info plugin b: start",
      "info plugin c: start",
      // Once, because the earlier subscription was ended.
      "info plugin b: event",
    ]);
  });

  test("that fails to restart is logged by name, the others continue, and the next restart starts it again", async () => {
    await using started = await startWith({
      files: {
        "a/plugin/index.ts": source("a", {
          start: `if (++globalThis.startsOfA === 2) throw new Error("boom");`,
        }).replace("class A", "globalThis.startsOfA = 0; class A"),
        "b/plugin/index.ts": source("b", { more: `restart() { throw new Error("bang"); }` }),
        "c/plugin/index.ts": source("c"),
      },
    });
    const states = () => started.daemon.plugins.list().map(({ state }) => state);
    await started.daemon.restartPlugins();
    expect(states()).toEqual(["failed", "running", "running"]);
    expect(started.lines("cannot").map((line) => line.split(" in ")[0])).toEqual([
      "error cannot start the plugin `a`",
      "error cannot restart the plugin `b`",
    ]);
    await started.daemon.restartPlugins();
    expect(states()).toEqual(["running", "running", "running"]);
  });
});
