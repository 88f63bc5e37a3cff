import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { create, type WriteEntry } from "tar";
import { pluginCommands, runPlugin } from "../../src/cli/plugin/plugin.ts";
import { commandHelp, pluginHelp } from "../../src/cli/plugin/plugin-help.ts";
import { UsageError } from "../../src/cli/check-words.ts";
import { serveRegistry } from "./plugin-registry.ts";
import { createFolder, main, startGafferd } from "./running.ts";

const root = join(import.meta.dir, "../..");
let folder: ReturnType<typeof createFolder>;
let plugins: string;

beforeEach(() => {
  folder = createFolder();
  plugins = join(folder.path, "plugins");
});
afterEach(() => folder.remove());

/** The module of a plugin with this name; `top` precedes its class. */
const codeOf = (name: string, { mandatory = [], top = "" }: { mandatory?: string[]; top?: string } = {}) => `
  import { Plugin } from "gafferd";
  ${top}
  export class Made extends Plugin {
    override name = "${name}"; override version = "1.0"; override description = "made";
    override mandatory = ${JSON.stringify(mandatory)};
  }`;

/** Writes files to a folder of this name, next to the plugins. */
function make(name: string, files: Readonly<Record<string, string>>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder.path, name, path)), { recursive: true });
    writeFileSync(join(folder.path, name, path), text);
  }
  return join(folder.path, name);
}

interface PackOptions {
  readonly cwd?: string;
  readonly preservePaths?: boolean;
  readonly onWriteEntry?: (entry: WriteEntry) => void;
}

async function pack(names: readonly string[], options: PackOptions = {}): Promise<string> {
  const file = join(folder.path, "packed.tgz");
  await create({ gzip: true, cwd: folder.path, ...options, file }, [...names]);
  return file;
}

async function gafferd(words: readonly string[], env: Record<string, string> = {}) {
  const child = Bun.spawn({
    cmd: [main, "plugin", ...words],
    cwd: folder.path,
    env: { ...process.env, HOME: folder.path, ...env },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, status };
}

/** Runs a command on a terminal, and types `keys` when it asks. */
async function atTerminal(words: readonly string[], keys: string) {
  let screen = "";
  let isAsked = false;
  const decoder = new TextDecoder();
  const { CI: _, ...env } = process.env;
  const child = Bun.spawn({
    cmd: [main, "plugin", ...words, "-p", plugins],
    cwd: folder.path,
    env: { ...env, HOME: folder.path, TERM: "xterm-256color" },
    terminal: {
      cols: 200,
      rows: 30,
      data(terminal, bytes) {
        screen += decoder.decode(bytes, { stream: true });
        if (isAsked || !screen.includes("No")) return;
        isAsked = true;
        terminal.write(keys);
      },
    },
  });
  const status = await child.exited;
  child.terminal?.close();
  return { screen: Bun.stripANSI(screen), status, isAsked };
}

const act = (verb: string, ...words: string[]) => gafferd([verb, "-p", plugins, ...words]);

describe("install", () => {
  test("copies a folder and describes it; the copy is independent", async () => {
    const source = make("source", { "plugin/index.ts": codeOf("made"), "_site/index.html": "made" });
    const { out, err, status } = await act("install", source);
    expect([status, err]).toEqual([0, ""]);
    expect(out).toBe(`installed ${plugins}/made\nmade 1.0  app and site  made\nrestart gafferd to load its code\n`);
    rmSync(source, { recursive: true });
    expect(readdirSync(plugins)).toEqual(["made"]);
    expect(readFileSync(join(plugins, "made/_site/index.html"), "utf8")).toBe("made");
  });

  test("moves a site without code to `_site`", async () => {
    const { out, status } = await act("install", make("plain", { "index.html": "plain" }));
    expect([status, out]).toEqual([0, `installed ${plugins}/plain\nplain  site\n`]);
    expect(readdirSync(join(plugins, "plain"))).toEqual(["_site"]);
  });

  test("replaces an installed plugin only with --force", async () => {
    const source = make("plain", { "index.html": "one" });
    await act("install", source);
    writeFileSync(join(source, "index.html"), "two");
    const refused = await act("install", source);
    expect([refused.status, refused.err]).toEqual([
      1,
      `gafferd: ${plugins}/plain already exists; use --force to replace it\n`,
    ]);
    expect(readFileSync(join(plugins, "plain/_site/index.html"), "utf8")).toBe("one");
    expect((await act("install", "--force", source)).status).toBe(0);
    expect(readFileSync(join(plugins, "plain/_site/index.html"), "utf8")).toBe("two");
    expect(readdirSync(plugins)).toEqual(["plain"]);
  });

  test.each([
    ["throws", `throw new Error("it is broken");`, "it is broken"],
    ["ends its process", "process.exit(0);", "ends the process that loads it"],
    ["imports a missing package", `import "no-such-package-anywhere";`, "missing package `no-such-package-anywhere`"],
    ["cannot be parsed", "const = ;", "cannot load the plugin"],
  ])("refuses code that %s, and leaves nothing behind", async (_, top, reason) => {
    const { err, status } = await act("install", make("bad", { "plugin/index.ts": codeOf("bad", { top }) }));
    expect(status).toBe(1);
    expect(err).toContain(reason);
    expect(readdirSync(plugins)).toEqual([]);
  });

  test("refuses a plugin while a plugin that it needs is not installed", async () => {
    const needy = make("needy", { "plugin/index.ts": codeOf("needy", { mandatory: ["base"] }) });
    const { err, status } = await act("install", needy);
    expect([status, err]).toEqual([1, expect.stringContaining("`needy` needs `base`, which is not installed")]);
    await act("install", make("base", { "plugin/index.ts": codeOf("base") }));
    expect((await act("install", needy)).status).toBe(0);
  });

  test("refuses a name that a plugin in another folder has, even with --force", async () => {
    await act("new", "first");
    writeFileSync(join(plugins, "first/plugin/index.ts"), codeOf("second"));
    const { err, status } = await act("install", "--force", make("x", { "plugin/index.ts": codeOf("second") }));
    expect([status, err]).toEqual([1, expect.stringContaining(`${plugins}/first has the same name`)]);
  });

  test("refuses an empty folder and a missing one", async () => {
    mkdirSync(join(folder.path, "empty/plugin"), { recursive: true });
    expect((await act("install", join(folder.path, "empty"))).err).toContain("it has neither code nor a site");
    expect((await act("install", "./none")).err).toContain("cannot install ./none: no such file or directory");
    expect((await act("install", "Not A Name")).err).toContain("is neither a folder, a tarball nor a package name");
  });
});

describe("install accepts a tarball", () => {
  test("with or without a top-level folder", async () => {
    make("wrapped", { "plugin/index.ts": codeOf("made") });
    expect((await act("install", await pack(["wrapped"]))).out).toStartWith(`installed ${plugins}/made\n`);
    const source = make("plain", { "_site/index.html": "x" });
    expect((await act("install", await pack(["_site"], { cwd: source }))).out).toStartWith(
      `installed ${plugins}/packed\n`,
    );
  });

  test("unless it contains a link", async () => {
    const source = make("linked", { "_site/index.html": "x" });
    symlinkSync("/etc", join(source, "_site/etc"));
    const { err, status } = await act("install", await pack(["linked"]));
    expect([status, err]).toEqual([
      1,
      expect.stringContaining("is a SymbolicLink; only files and folders are allowed"),
    ]);
    expect(readdirSync(plugins)).toEqual([]);
  });

  test.each([["../escaped.txt"], ["ok/../../escaped.txt"]])(
    "unless it has a path outside the folder: %s",
    async (path) => {
      make("inner", { "a.txt": "escaped" });
      const file = await pack(["inner/a.txt"], {
        preservePaths: true,
        onWriteEntry: (entry) => void (entry.path = path),
      });
      const { err, status } = await act("install", file);
      expect([status, err]).toEqual([1, expect.stringContaining("is outside the folder")]);
      expect(readdirSync(plugins)).toEqual([]);
      expect(existsSync(join(folder.path, "escaped.txt"))).toBe(false);
    },
  );

  test("unless it is not a tarball", async () => {
    writeFileSync(join(folder.path, "none.tgz"), "no tarball");
    const { err, status } = await act("install", join(folder.path, "none.tgz"));
    expect([status, err]).toEqual([1, expect.stringMatching(/^gafferd: cannot unpack .*none\.tgz: /)]);
  });
});

describe("install accepts a package", () => {
  const ran = "ran.txt";
  async function packaged(): Promise<Uint8Array> {
    make("package", {
      "package.json": JSON.stringify({
        name: "@someone/gafferd-plugin-packaged",
        scripts: { install: `touch ${join(folder.path, ran)}`, postinstall: `touch ${join(folder.path, ran)}` },
      }),
      "_site/index.html": "packaged",
    });
    return await Bun.file(await pack(["package"])).bytes();
  }

  test.each([
    ["@someone/gafferd-plugin-packaged"],
    ["@someone/gafferd-plugin-packaged@next"],
    ["@someone/gafferd-plugin-packaged@^0.9.0"],
  ])("%s from a registry, and runs none of its scripts", async (spec) => {
    using registry = serveRegistry("@someone/gafferd-plugin-packaged", await packaged());
    const { out, err, status } = await gafferd(["install", "-p", plugins, spec], { BUN_CONFIG_REGISTRY: registry.url });
    expect([status, err, out]).toEqual([0, "", `installed ${plugins}/packaged\npackaged  site\n`]);
    expect(existsSync(join(folder.path, ran))).toBe(false);
    expect(registry.asked[0]).toBe("/@someone%2fgafferd-plugin-packaged");
  });

  test("unless its hash differs", async () => {
    const integrity = `sha512-${Buffer.alloc(64).toString("base64")}`;
    using registry = serveRegistry("packaged", await packaged(), { integrity });
    const { err, status } = await gafferd(["install", "-p", plugins, "packaged"], {
      npm_config_registry: registry.url,
    });
    expect([status, err]).toEqual([1, expect.stringContaining("its sha512 hash differs from the registry's")]);
    expect(readdirSync(plugins)).toEqual([]);
  });

  test("unless the registry does not have it", async () => {
    using registry = serveRegistry("packaged", await packaged());
    const env = { BUN_CONFIG_REGISTRY: registry.url };
    expect((await gafferd(["install", "-p", plugins, "other"], env)).err).toContain("the server answered 404");
    const { err } = await gafferd(["install", "-p", plugins, "packaged@7"], env);
    expect(err).toContain("has no version `7`; the latest ones are 0.9.0, 1.0.0, 2.0.0-rc.1");
  });

  test("from the private registry of a scope, with the token in .npmrc", async () => {
    using registry = serveRegistry("@acme/packaged", await packaged(), { token: "secret" });
    const { host } = new URL(registry.url);
    folder.write(".npmrc", `@acme:registry=${registry.url}\n//${host}/:_authToken=\${ACME_TOKEN}\n`);
    const words = ["install", "-p", plugins, "@acme/packaged"];
    const { out, err, status } = await gafferd(words, {
      ACME_TOKEN: "secret",
      BUN_CONFIG_REGISTRY: "http://127.0.0.1:1",
    });
    expect([status, err, out]).toEqual([0, "", `installed ${plugins}/packaged\npackaged  site\n`]);

    rmSync(join(folder.path, ".npmrc"));
    const without = await gafferd(words, { "npm_config_@acme:registry": registry.url });
    expect(without.err).toContain(
      `the server answered 401; a private package needs \`//${host}/:_authToken=…\` in .npmrc`,
    );
  });

  test("and does not send the token of one host to another", async () => {
    const tarball = await packaged();
    using other = serveRegistry("packaged", tarball);
    using registry = serveRegistry("packaged", tarball, { token: "secret", tarballsAt: other.url });
    folder.write(".npmrc", `registry=${registry.url}\n//${new URL(registry.url).host}/:_authToken=secret\n`);
    expect(await gafferd(["install", "-p", plugins, "packaged"])).toMatchObject({ status: 0 });
    expect(registry.authorizations).toEqual(["Bearer secret", "Bearer secret"]);
    expect(other.authorizations).toEqual([null]);
  });
});

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
    const page = () => readFileSync(join(plugins, "mine/_site/index.html"), "utf8");
    const refused = await atTerminal(["install", source], "n");
    expect(refused.screen).toContain(`Replace ${plugins}/mine?`);
    expect([refused.status, page()]).toEqual([1, "old"]);
    const accepted = await atTerminal(["install", source], "y");
    expect([accepted.status, page()]).toEqual([0, "new"]);
    expect(readdirSync(plugins)).toEqual(["mine"]);
  });
});

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
  const check = (...words: string[]) => Bun.spawnSync({ cmd: [main, "--check", ...words], cwd: folder.path }).exitCode;
  expect([check("./plugin"), check("-c", "plugin")]).toEqual([0, 0]);
});
