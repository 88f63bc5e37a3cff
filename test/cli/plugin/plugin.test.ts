import { describe, expect, test } from "bun:test";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pluginCommands, runPlugin } from "../../../src/cli/plugin/plugin.ts";
import { commandHelp, pluginHelp } from "../../../src/cli/plugin/plugin-help.ts";
import { UsageError } from "../../../src/cli/check-words.ts";
import { main, startGafferd } from "../running.ts";
import { act, codeOf, folder, gafferd, plugins, useFolder } from "./commands.ts";

const root = join(import.meta.dir, "../../..");
useFolder();

const check = (...words: string[]) => Bun.spawnSync({ cmd: [main, "--check", ...words], cwd: folder.path }).exitCode;

describe("list", () => {
  test("lists all plugins and sites with their problems, without loading their code into the command", async () => {
    await act("new", "fresh");
    mkdirSync(join(plugins, "site/_site"), { recursive: true });
    mkdirSync(join(plugins, "bad/plugin"), { recursive: true });
    writeFileSync(join(plugins, "bad/plugin/index.ts"), codeOf("bad", { top: "process.exit(3);" }));
    const { out, status } = await act("list");
    const lines = out.split("\n");
    expect(status).toBe(0);
    expect(lines[0]).toBe(`bad  broken: the code in ${plugins}/bad/plugin ends the process that loads it`);
    expect(lines.slice(1, 3)).toEqual(["fresh 0.1.0  app and site  counts exits", "site  site"]);
    expect(lines[3]).toMatch(/^\S.*\(ships with gafferd\)$/);
  });

  test("reads `plugins_dir` and `bundled_plugins` of a configuration", async () => {
    await act("new", "fresh");
    const file = folder.write("g.ini", "[gaffer]\nplugins_dir = plugins\nbundled_plugins = none\n");
    expect((await gafferd(["list", "-c", file])).out).toBe("fresh 0.1.0  app and site  counts exits\n");
  });
});

describe("new", () => {
  test("creates a plugin that compiles and that gafferd runs", async () => {
    expect((await act("new", "2nd-try")).status).toBe(0);
    const path = join(plugins, "2nd-try");
    const checked = Bun.spawnSync({ cmd: [join(root, "node_modules/.bin/tsc"), "--noEmit", "-p", path] });
    expect([checked.stdout.toString(), checked.exitCode]).toEqual(["", 0]);

    await using running = await startGafferd(["-p", plugins], { env: { HOME: folder.path } });
    expect(await (await fetch(`${running.url}/_plugin/2nd-try/api/exits`)).json()).toEqual({ exits: 0 });
    expect(await (await fetch(`${running.url}/_plugin/2nd-try/`)).text()).toContain("<h1>2nd-try</h1>");
  });

  test("TypeScript finds a mistake in the created plugin", async () => {
    await act("new", "typed");
    const file = join(plugins, "typed/plugin/index.ts");
    writeFileSync(file, readFileSync(file, "utf8").replace("manager.log.info", "manager.log.shout"));
    const checked = Bun.spawnSync({
      cmd: [join(root, "node_modules/.bin/tsc"), "--noEmit", "-p", join(plugins, "typed")],
    });
    expect(checked.stdout.toString()).toContain("Property 'shout' does not exist");
  });

  test("refuses an invalid name and a name that is taken", async () => {
    expect((await act("new", "../up")).err).toContain('cannot create the plugin "../up"');
    await act("new", "taken");
    expect((await act("new", "taken")).err).toContain(
      `cannot create ${plugins}/taken: it already exists; choose another name`,
    );
    expect(readdirSync(plugins)).toEqual(["taken"]);
  });
});

describe("a command line of `plugin` is refused:", () => {
  const commands = "list, install, remove, new";
  const advice = "(for a configuration file called plugin, write `./plugin`)";
  test.each([
    ["", `\`gafferd plugin\` needs a command: ${commands} ${advice}`],
    ["-p", "unknown option `-p`"],
    ["lst", "unknown command `plugin lst`; did you mean `list`?"],
    ["frobnicate", `unknown command \`plugin frobnicate\`; the commands are ${commands}`],
    ["toString", `unknown command \`plugin toString\`; the commands are ${commands}`],
    ["list one", "unexpected argument `one`"],
    ["remove", "NAME is missing"],
    ["install", "FOLDER|TARBALL|PACKAGE is missing"],
    ["remove a b", "unexpected argument `b`"],
    ["list --force", "unknown option `--force`"],
    ["install x --forc", "unknown option `--forc`; did you mean `--force`?"],
    ["new x -p", "`-p` needs a value"],
    ["new x -p a --plugins-dir=b", "`--plugins-dir` is given twice"],
    ["new x --force=1", "unknown option `--force`"],
    ["install x --force=1", "`--force` takes no value"],
    ["install x --pluginsDir=y", "unknown option `--pluginsDir`; did you mean `--plugins-dir`?"],
  ])("`%s`", async (line, message) => {
    const words = line.split(" ").filter((word) => word !== "");
    expect(runPlugin(words)).rejects.toThrow(new UsageError(message));
  });

  test("with exit status 2", async () => {
    expect((await gafferd(["lst"])).status).toBe(2);
  });
});

describe("help", () => {
  test("lists all commands, and fits a terminal of 80 columns", () => {
    const own = Object.entries(pluginCommands).map(([name, command]) => commandHelp(name, command));
    const all = pluginHelp(pluginCommands);
    for (const name of Object.keys(pluginCommands)) expect(all).toContain(`\n    ${name} `);
    expect([all, ...own].flatMap((text) => text.split("\n")).filter((line) => line.length > 80)).toEqual([]);
  });

  test("is printed for each command", async () => {
    expect((await gafferd(["install", "--help"])).out).toStartWith("usage: gafferd plugin install [options] FOLDER|");
    expect((await gafferd(["--help"])).out).toBe(pluginHelp(pluginCommands));
    expect((await gafferd(["remove", "-h"])).out).toStartWith("usage: gafferd plugin remove [options] NAME\n");
  });
});

test("a configuration file called `plugin` can be given as a path", async () => {
  folder.write("plugin", "[endpoint:x]\nbind = 127.0.0.1:0\n");
  expect([check("./plugin"), check("-c", "plugin")]).toEqual([0, 0]);
});
