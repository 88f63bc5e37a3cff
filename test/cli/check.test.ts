import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const main = join(import.meta.dir, "../../src/main.ts");
const isRoot = process.geteuid?.() === 0;

const folder = mkdtempSync(join(tmpdir(), "gafferd-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The output of `--check` for a main file, without the path of the folder. */
async function check(ini: string, env: Record<string, string> = {}) {
  const file = write("gaffer.ini", `[gaffer]\nstate_dir = state\n${ini}`);
  const cmd = [main, "--check", file];
  const child = Bun.spawn({ cmd, stdout: "pipe", stderr: "pipe", env: { ...process.env, ...env } });
  const texts = await Promise.all([child.stdout.text(), child.stderr.text()]);
  const [out = "", err = ""] = texts.map((text) => text.replaceAll(`${folder}/`, "").replaceAll(folder, "DIR"));
  return { status: await child.exited, out, err };
}

test("--check ends with a summary, and shows stop_signal and backoff", async () => {
  const { status, out, err } = await check(`
[process:a]
cmd = true
stop_signal = RTMIN+3
backoff = 200ms, 5s
[process:b]
cmd = true
backoff = off
[endpoint:one]
bind = 127.0.0.1:0
[endpoint:two]
bind = unix:x.sock`);
  expect({ status, err }).toEqual({ status: 0, err: "" });
  expect(out).toContain("stop_signal SIGRTMIN+3");
  expect(out).toContain("backoff 0.2 s to 5 s\n");
  expect(out).toContain("backoff off\n");
  expect(out).toEndWith("\n\nOK: 2 templates, 2 endpoints\n");
});

test("--check prints warnings before its last line and succeeds", async () => {
  const { status, out, err } = await check("[process:a]\ncmd = sleep 1 | cat\nenv:A = $NO_SUCH_VARIABLE ; none");
  expect({ status, err }).toEqual({ status: 0, err: "" });
  const [, warnings = ""] = out.split("warnings\n");
  expect(warnings).toMatch(/gaffer.ini:4: \[process:a\] cmd: `\|` is passed to the program/);
  expect(warnings).toMatch(/gaffer.ini:5: \[process:a\] env:A: \$NO_SUCH_VARIABLE is not set/);
  expect(warnings).toMatch(/gaffer.ini:5: \[process:a\] env:A: `;` and the text after it are part of the value/);
  expect(warnings).toEndWith("\n\nOK: 1 template, 1 endpoint\n");
});

/** The only error that it finds. */
async function problemOf(ini: string): Promise<string> {
  const { status, out, err } = await check(ini);
  expect({ status, out }).toEqual({ status: 2, out: "" });
  expect(err).toEndWith("\ngafferd: cannot use this configuration: 1 error, nothing was started\n");
  return err.split("\n")[0] ?? "";
}

describe("--check finds the errors that a start would find", () => {
  test.each([
    [
      "a program that is not there",
      "[process:a]\ncmd = no-such-program x",
      /^gaffer.ini:4: \[process:a\] cmd: cannot start `no-such-program`: no such program in the \d+ directories of PATH;/,
    ],
    [
      "a file that is not there",
      "[process:a]\ncmd = ./no-such-file",
      /^gaffer.ini:4: \[process:a\] cmd: cannot start `.*no-such-file`: no such file$/,
    ],
    [
      "a working directory that is not there",
      "[process:a]\ncmd = true\ncwd = gone",
      /^gaffer.ini:5: \[process:a\] cwd: cannot start `true`: its working directory gone does not exist$/,
    ],
    [
      "a user that does not exist",
      "[process:a]\ncmd = true\nuid = no-such-user",
      /^gaffer.ini:5: \[process:a\] uid: cannot run as user `no-such-user`: no such user$/,
    ],
    [
      "a group that does not exist",
      "[process:a]\ncmd = true\ngid = no-such-group",
      /^gaffer.ini:5: \[process:a\] gid: cannot run as group `no-such-group`: no such group$/,
    ],
    [
      "an env file that is not there",
      "[process:a]\ncmd = true\nenv_file = gone.env",
      /^gaffer.ini:5: \[process:a\] env_file: cannot read the env file gone.env: /,
    ],
    [
      "settings of a plugin that is not installed",
      "[plugin:none]\na = 1",
      /^gaffer.ini:3: \[plugin:none\] is for a plugin that is not installed$/,
    ],
    [
      "settings that a plugin refuses",
      "[plugin:memory-guard]\nlimit = lots",
      /^gaffer.ini:4: \[plugin:memory-guard\] limit: /,
    ],
    ["a plugin folder that does not exist", "plugins_dir = no-such-folder", /no-such-folder/],
    [
      "a socket's owner that does not exist",
      "[endpoint:a]\nbind = unix:x.sock\nowner = no-such-user",
      /^gaffer.ini:5: \[endpoint:a\] owner: there is no user `no-such-user`$/,
    ],
    [
      "a socket's folder that is not there",
      "[endpoint:a]\nbind = unix:gone/x.sock",
      /^gaffer.ini:4: \[endpoint:a\] bind: cannot listen on unix:gone\/x.sock for \[endpoint:a\]: the directory gone does not exist/,
    ],
    [
      "an address that this machine does not have",
      "[endpoint:a]\nbind = 192.0.2.1:0\ninsecure = true",
      /^gaffer.ini:4: \[endpoint:a\] bind: cannot listen on 192.0.2.1:0 for \[endpoint:a\]: this machine does not have that address/,
    ],
    [
      "a certificate that is none",
      "[endpoint:a]\nbind = 127.0.0.1:0\ncertfile = x.pem\nkeyfile = x.pem",
      /^gaffer.ini:5: \[endpoint:a\] certfile: /,
    ],
  ])("%s", async (_, ini, problem) => {
    write("x.pem", "no certificate");
    expect(await problemOf(ini)).toMatch(problem);
  });

  test("an invalid line in an env file", async () => {
    write("bad.env", "A=1\nB 2\n");
    expect(await problemOf("[process:a]\ncmd = true\nenv_file = bad.env")).toBe(
      "gaffer.ini:5: [process:a] env_file: cannot use the env file bad.env: line 2: expected NAME=value, a comment or an empty line",
    );
  });

  test("a plugin that cannot be loaded", async () => {
    write("plugins/bad/plugin/index.ts", "throw new Error('not today');");
    expect(await problemOf("plugins_dir = plugins")).toContain("cannot load the plugin plugins/bad/plugin/index.ts: ");
  });

  test.skipIf(isRoot)("a state folder that is not writable", async () => {
    mkdirSync(join(folder, "locked"));
    chmodSync(join(folder, "locked"), 0o500);
    const file = write("locked.ini", "[gaffer]\nstate_dir = locked/state\n");
    const child = Bun.spawn({ cmd: [main, "--check", file], stdout: "ignore", stderr: "pipe" });
    expect(await child.stderr.text()).toContain("locked.ini:2: [gaffer] state_dir: cannot write to ");
  });

  test("all errors at once", async () => {
    const { err } = await check(
      "[process:a]\ncmd = gone-a\n[process:b]\ncmd = gone-b\n[plugin:none]\n[plugin:memory-guard]\nlimit = x",
    );
    expect(err.match(/^gaffer.ini:\d+: /gm)).toHaveLength(4);
  });
});

test("--check succeeds while a gafferd listens on the addresses of the file", async () => {
  using server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  expect(await check(`[endpoint:a]\nbind = 127.0.0.1:${server.port}`)).toMatchObject({ status: 0, err: "" });
});
