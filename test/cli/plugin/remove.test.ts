import { beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { act, atTerminal, codeOf, make, plugins, useFolder } from "./commands.ts";

useFolder();

const page = () => readFileSync(join(plugins, "mine/_site/index.html"), "utf8");

describe("remove", () => {
  test("deletes a plugin by its name", async () => {
    await act("new", "gone");
    const { out, status } = await act("remove", "gone");
    expect([status, out]).toEqual([
      0,
      `removed ${plugins}/gone\na running gafferd keeps using its code; restart it to unload the plugin\n`,
    ]);
    expect(readdirSync(plugins)).toEqual([]);
  });

  test("refuses a plugin that others need, without --force", async () => {
    await act("install", make("base", { "plugin/index.ts": codeOf("base") }));
    await act("install", make("needy", { "plugin/index.ts": codeOf("needy", { mandatory: ["base"] }) }));
    const { err, status } = await act("remove", "base");
    expect([status, err]).toEqual([1, expect.stringContaining("cannot remove `base`: it is required by `needy`")]);
    expect((await act("remove", "--force", "base")).status).toBe(0);
    expect(readdirSync(plugins)).toEqual(["needy"]);
  });

  test("deletes a link, not its target", async () => {
    const source = make("target", { "_site/index.html": "x" });
    mkdirSync(plugins);
    symlinkSync(source, join(plugins, "link"));
    expect((await act("remove", "link")).status).toBe(0);
    expect([readdirSync(plugins), existsSync(join(source, "_site/index.html"))]).toEqual([[], true]);
  });

  test("refuses bundled plugins, and lists the installed plugins for an unknown name", async () => {
    await act("new", "there");
    const shipped = await act("remove", "memory-guard");
    expect([shipped.status, shipped.err]).toEqual([1, expect.stringContaining("leave it out of `bundled_plugins`")]);
    expect((await act("remove", "thre")).err).toContain("no such plugin is installed; did you mean `there`?");
    expect((await act("remove", "..")).status).toBe(1);
  });
});

describe("on a terminal", () => {
  beforeEach(() => void make("plugins/mine", { "_site/index.html": "old" }));

  test("remove asks first, and continues after yes", async () => {
    const { screen, status } = await atTerminal(["remove", "mine"], "y");
    expect(screen).toContain(`Delete ${plugins}/mine?`);
    expect(screen).toContain(`✔ removed ${plugins}/mine`);
    expect([status, readdirSync(plugins)]).toEqual([0, []]);
  });

  test.each([
    ["no", "n"],
    ["Enter", "\r"],
    ["Ctrl-C", "\u0003"],
  ])("remove does nothing for %s", async (_, keys) => {
    const { screen, status } = await atTerminal(["remove", "mine"], keys);
    expect(screen).toContain("gafferd: nothing was changed");
    expect([status, readdirSync(plugins)]).toEqual([1, ["mine"]]);
  });

  test.each(["-y", "--force"])("remove does not ask with %s", async (option) => {
    const { isAsked, status } = await atTerminal(["remove", "mine", option], "");
    expect([isAsked, status, readdirSync(plugins)]).toEqual([false, 0, []]);
  });

  test("install asks before it replaces a plugin", async () => {
    const source = make("mine", { "_site/index.html": "new" });
    const refused = await atTerminal(["install", source], "n");
    expect(refused.screen).toContain(`Replace ${plugins}/mine?`);
    expect([refused.status, page()]).toEqual([1, "old"]);
    const accepted = await atTerminal(["install", source], "y");
    expect([accepted.status, page()]).toEqual([0, "new"]);
    expect(readdirSync(plugins)).toEqual(["mine"]);
  });
});
