import { beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { createServer } from "node:net";
import { loadConfig } from "../../src/config/config.ts";
import type { ConfigOverrides } from "../../src/config/overrides.ts";
import { ConfigError, formatProblem } from "../../src/config/problem.ts";
import { isLinuxRoot } from "../files/as-root.ts";
import { createFolder } from "./folder.ts";

const stranger = 4711;
const { folder, write } = createFolder();
const at = (name: string): string => join(folder, name);

/** Gives a part to somebody else, or lets others write it. */
const spoilers: readonly [string, (path: string) => void][] = [
  ["somebody else's", (path) => chownSync(path, stranger, stranger)],
  ["a group's to write", (path) => (chownSync(path, 0, stranger), chmodSync(path, 0o775))],
  ["all users' to write", (path) => chmodSync(path, 0o777)],
];

const sleeper = "\n[process:a]\ncmd = sleep 1\n";

/** The problems of `gaffer.ini`, without the path of the folder. */
function problemsOf(overrides: ConfigOverrides = {}): string[] {
  try {
    loadConfig(at("gaffer.ini"), overrides);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => formatProblem(problem).replaceAll(folder, "DIR"));
  }
}

const reason =
  /(belongs to user 4711|may be written by all users|may be written by the members of group 4711), who can change what gafferd does as root; (.*, )?run `ch(own root|mod go-w) DIR[\w/.]*`, or /;
const byKey = "set `insecure_files = true` in [gaffer]";

describe.if(isLinuxRoot)("as root, what others can change is refused", () => {
  beforeEach(() => {
    rmSync(folder, { recursive: true });
    mkdirSync(folder, { mode: 0o755 });
  });

  describe.each(spoilers)("if it is %s:", (_, spoil) => {
    test.each(["etc/main.ini", "etc", ""])("the configuration file, at %j", (part) => {
      const file = write("etc/main.ini", sleeper);
      spoil(at(part));
      const error = catchConfigError(() => loadConfig(file));
      expect(error.problems).toHaveLength(1);
      expect(error.message.replaceAll(folder, "DIR")).toMatch(reason);
      expect(error.message).toStartWith(`${file}: cannot read the configuration: `);
      expect(error.message).toEndWith("start gafferd with --insecure-files");
      expect(loadConfig(file, { insecureFiles: true }).templates).toHaveLength(1);
    });

    test.each([
      ["included by name", "include = conf.d/a.ini", "conf.d/a.ini"],
      ["that a pattern finds", "include = conf.d/*.ini", "conf.d/a.ini"],
      ["whose folder is included", "include_dir = conf.d", "conf.d"],
      ["that is a link's target", "include = link.ini", "conf.d"],
    ])("a file %s", (_name, key, part) => {
      write("conf.d/a.ini", sleeper);
      symlinkSync("conf.d/a.ini", at("link.ini"));
      write("gaffer.ini", `[gaffer]\n${key}\n`);
      expect(problemsOf()).toEqual([]);
      spoil(at(part));
      const [problem, ...others] = problemsOf();
      expect(others).toEqual([]);
      expect(problem).toStartWith(`DIR/gaffer.ini:2: [gaffer] ${key.split(" ")[0]}: cannot read DIR/`);
      expect(problem).toMatch(reason);
      expect(problem).toEndWith(byKey);
      expect(problemsOf({ insecureFiles: true })).toEqual([]);
      // The file that includes it is root's, so it can allow it.
      write("gaffer.ini", `[gaffer]\n${key}\ninsecure_files = yes\n`);
      expect(problemsOf()).toEqual([]);
    });

    test.each([
      ["state_dir", "state_dir = srv/state", "srv/state"],
      ["state_dir", "state_dir = srv/state", "srv"],
      ["state_dir", "state_dir = srv/state", "srv/state/webhooks.sqlite"],
      ["state_dir", "state_dir = srv/none/yet", "srv"],
      ["plugins_dir", "plugins_dir = srv/plugins", "srv/plugins"],
      ["plugins_dir", "plugins_dir = srv/plugins", "srv"],
      ["certfile", "[endpoint:a]\ncertfile = srv/cert.pem\nkeyfile = srv/key.pem", "srv/cert.pem"],
      ["keyfile", "[endpoint:a]\ncertfile = srv/cert.pem\nkeyfile = srv/key.pem", "srv/key.pem"],
      [
        "client_ca",
        "[endpoint:a]\ncertfile = srv/cert.pem\nkeyfile = srv/key.pem\nclient_ca = srv/ca.pem",
        "srv/ca.pem",
      ],
    ])("%s (%j, at %s)", (key, text, part) => {
      for (const name of ["state/webhooks.sqlite", "plugins/none", "cert.pem", "key.pem", "ca.pem"])
        write(`srv/${name}`, "");
      write("gaffer.ini", `[gaffer]\n${text}\n`);
      expect(problemsOf()).toEqual([]);
      spoil(at(part));
      const [problem, ...others] = problemsOf();
      expect(others).toEqual([]);
      expect(problem).toContain(`] ${key}: cannot `);
      expect(problem).toMatch(reason);
      expect(problem).toEndWith(byKey);
      write("gaffer.ini", `[gaffer]\ninsecure_files = true\n${text}\n`);
      expect(problemsOf()).toEqual([]);
    });

    test("what options name: the folder of the pidfile, the folder of plugins, certificates", () => {
      write("srv/cert.pem", "");
      write("gaffer.ini", "");
      spoil(at("srv"));
      const overrides = {
        pidfile: at("srv/x.pid"),
        pluginsDir: at("srv/plugins"),
        certFile: at("srv/cert.pem"),
        keyFile: at("srv/cert.pem"),
      };
      const problems = problemsOf(overrides);
      expect(problems.map((problem) => problem.split(":", 2).join(":"))).toEqual([
        "command line: --plugins-dir",
        "command line: --certfile",
        "command line: --keyfile",
        "command line: --pidfile",
      ]);
      for (const problem of problems) expect(problem).toMatch(reason);
      expect(problemsOf({ ...overrides, insecureFiles: true })).toEqual([]);
    });
  });

  test("a file that others can change cannot allow itself", () => {
    chownSync(write("gaffer.ini", "[gaffer]\ninsecure_files = true\n"), stranger, stranger);
    expect(problemsOf().join()).toContain("belongs to user 4711");
  });

  test("an included file can allow what it includes, and not itself", () => {
    write("gaffer.ini", "[gaffer]\ninclude = roots.ini, theirs.ini\n");
    write("roots.ini", "[gaffer]\ninsecure_files = true\ninclude = deep.ini\n");
    chownSync(write("deep.ini", sleeper), stranger, stranger);
    chownSync(write("theirs.ini", ""), stranger, stranger);
    expect(problemsOf()).toHaveLength(1);
    expect(problemsOf().join()).toContain("cannot read DIR/theirs.ini");
  });

  test("one problem is reported for all files of a folder, and one for each file that is unsafe by itself", () => {
    for (const name of ["a", "b", "c"]) write(`conf.d/${name}.ini`, "");
    write("gaffer.ini", "[gaffer]\ninclude_dir = conf.d\n");
    for (const name of ["a", "b"]) chownSync(at(`conf.d/${name}.ini`), stranger, stranger);
    expect(problemsOf()).toHaveLength(2);
    chmodSync(at("conf.d"), 0o777);
    expect(problemsOf()).toHaveLength(1);
  });

  test("a sticky folder may contain the configuration and the pidfile, but not be state_dir or plugins_dir", () => {
    chmodSync(folder, 0o1777);
    write("gaffer.ini", "[gaffer]\nstate_dir = state\nplugins_dir = plugins\n");
    expect(problemsOf({ pidfile: at("x.pid") })).toEqual([]);
    write("gaffer.ini", "[gaffer]\nstate_dir = .\nplugins_dir = .\n");
    expect(problemsOf()).toHaveLength(2);
  });

  test("sockets in state_dir may belong to others", async () => {
    mkdirSync(at("state"));
    const server = createServer();
    await new Promise<void>((done) => void server.listen(at("state/x.sock"), done));
    chownSync(at("state/x.sock"), stranger, stranger);
    write("gaffer.ini", "[gaffer]\nstate_dir = state\n");
    expect(problemsOf()).toEqual([]);
    server.close();
  });

  test("an endpoint that is not opened may have certificates of others", () => {
    for (const name of ["cert.pem", "key.pem"]) chownSync(write(name, ""), stranger, stranger);
    const closed = "[endpoint:closed]\ncertfile = cert.pem\nkeyfile = key.pem\n[endpoint:open]\n";
    write("gaffer.ini", `[gaffer]\nhttp_endpoints = open\n${closed}`);
    expect(problemsOf()).toEqual([]);
  });

  test("without a configuration file, the option is what allows it", () => {
    chmodSync(folder, 0o777);
    const error = catchConfigError(() => loadConfig(undefined, { pluginsDir: at("plugins") }));
    expect(error.message).toEndWith("or start gafferd with --insecure-files");
  });
});

function catchConfigError(act: () => unknown): ConfigError {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
