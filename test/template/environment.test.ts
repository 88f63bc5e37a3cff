import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { GafferdError } from "../../src/errors.ts";
import { buildEnvironment, commandOf } from "../../src/template/environment.ts";
import { parseTemplate } from "../../src/template/schema.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-environment-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const template = (settings: object) => parseTemplate({ name: "t", cmd: "c", ...settings }, { defaultCwd: "/srv/app" });

describe("the environment", () => {
  test("has the variables of the daemon, the env files and the template; later ones win", () => {
    const first = file("first.env", "A=file1\nB=file1\nC=file1\n");
    const second = file("second.env", "B=file2\nC=file2\n");
    expect(
      buildEnvironment(template({ env_file: [first, second], env: { C: "own" } }), {
        base: { A: "os", Z: "os", U: undefined },
      }),
    ).toEqual({ A: "file1", B: "file2", C: "own", Z: "os" });
  });

  test("does not have the daemon's variables if os_env is false", () => {
    expect(buildEnvironment(template({ os_env: false, env: { A: "1" } }), { base: { Z: "os" } })).toEqual({ A: "1" });
  });

  test("inherits the daemon's environment by default", () => {
    expect(buildEnvironment(template({}))["PATH"]).toBe(process.env["PATH"]);
  });

  test("reads dotenv files: comments, quotes, export, values over lines, CRLF, a byte order mark", () => {
    const text = `\uFEFFA=1\r\nexport B=2\n# C=3\nD="x # y" # z\nE='$A "q"'\nF="one\ntwo"\nG= spaced \nH=\nI=a=b\n`;
    expect(buildEnvironment(template({ os_env: false, env_file: file("all.env", text) }))).toEqual({
      A: "1",
      B: "2",
      D: "x # y",
      E: '$A "q"',
      F: "one\ntwo",
      G: "spaced",
      H: "",
      I: "a=b",
    });
  });

  test("may contain a variable named __proto__", () => {
    const env = buildEnvironment(template({ os_env: false, env: JSON.parse('{"__proto__": "x"}') }));
    expect(Object.entries(env)).toEqual([["__proto__", "x"]]);
  });

  test("cannot be built if an env file is missing or contains a NUL byte", () => {
    const missing = join(folder, "missing.env");
    expect(() => buildEnvironment(template({ env_file: missing }))).toThrow(`cannot read the env file ${missing}: `);
    const binary = file("binary.env", "A=\0");
    expect(() => buildEnvironment(template({ env_file: binary }))).toThrow(
      `cannot use the env file ${binary}: it contains a NUL byte`,
    );
  });
});

describe("the command", () => {
  test("has variables replaced after the split, so a value with spaces stays one word", () => {
    const settings = { cmd: "run $A '$A' x${A}", args: ["$A", "$U", "$U", "b c"] };
    expect(commandOf(template(settings), { A: "two words" })).toEqual({
      argv: ["run", "two words", "$A", "xtwo words", "two words", "$U", "$U", "b c"],
      cwd: "/srv/app",
      env: { PWD: "/srv/app", A: "two words" },
      unexpanded: [{ key: "args", written: "$U", isSupported: true }],
    });
  });

  test("keeps a quoted or escaped $, also in args, and reads $$ as $", () => {
    const env = { A: "1", HOME: "/h" };
    const argvOf = (settings: object) => commandOf(template(settings), env).argv.slice(1);
    const script = "for HOME in a b; do echo $HOME; done";
    expect(argvOf({ cmd: `sh -c '${script}'` })).toEqual(["-c", script]);
    expect(argvOf({ cmd: "sh", args: `-c '${script}'` })).toEqual(["-c", script]);
    const words = `'$A' \\$A "\\$A" $$A $$ '$$' "$A"B $'A' '^a$' ${"'${A}'"}`;
    const texts = ["$A", "$A", "$A", "$A", "$", "$$", "1B", "$A", "^a$", "${A}"];
    expect(argvOf({ cmd: `c ${words}` })).toEqual(texts);
    expect(argvOf({ cmd: "c", args: words })).toEqual(texts);
    expect(argvOf({ cmd: "c", args: ["$$A", "$A", "'$A'", "${B:-x y}"] })).toEqual(["$A", "1", "'1'", "x y"]);
  });

  test("has a working directory with variables of its own environment", () => {
    const own = template({ cwd: "/srv/$APP/${ENV:-dev}/..", env: { APP: "shop" } });
    expect(commandOf(own, own.env)).toMatchObject({ cwd: "/srv/shop", unexpanded: [] });
    expect(commandOf(template({ cwd: "$DIR", cmd: "./run" }), { DIR: "/opt/x" })).toMatchObject({
      cwd: "/opt/x",
      argv: ["/opt/x/run"],
    });
    expect(commandOf(template({ cwd: "/srv/$$x" }), {}).cwd).toBe("/srv/$x");
    expect(() => commandOf(template({ cwd: "$DIR" }), { DIR: "sub" })).toThrow(
      "cannot start `t`: its working directory `$DIR` expands to `sub`, which is not an absolute path; write `./$DIR` for a path relative to the file",
    );
  });

  test("lists unreplaced variables once each, with their keys", () => {
    const settings = { cmd: "c $U ${A:?x}", args: "$U $V", cwd: "/$W" };
    expect(commandOf(template(settings), { A: "1" })).toEqual({
      argv: ["c", "$U", "${A:?x}", "$U", "$V"],
      cwd: "/$W",
      env: { PWD: "/$W", A: "1" },
      unexpanded: [
        { key: "cwd", written: "$W", isSupported: true },
        { key: "cmd", written: "$U", isSupported: true },
        { key: "cmd", written: "${A:?x}", isSupported: false },
        { key: "args", written: "$V", isSupported: true },
      ],
    });
  });

  test("splits args if they are text, and does not change a list", () => {
    expect(commandOf(template({ args: "a 'b c'" }), {}).argv).toEqual(["c", "a", "b c"]);
    expect(commandOf(template({ args: ["a 'b c'"] }), {}).argv).toEqual(["c", "a 'b c'"]);
  });

  test("resolves a program with a slash from cwd, and leaves a name to PATH", () => {
    expect(commandOf(template({ cmd: "./run.sh" }), {}).argv).toEqual(["/srv/app/run.sh"]);
    expect(commandOf(template({ cmd: "bin/run ./x" }), {}).argv).toEqual(["/srv/app/bin/run", "./x"]);
    expect(commandOf(template({ cmd: "/bin/../bin/ls" }), {}).argv).toEqual(["/bin/ls"]);
    expect(commandOf(template({ cmd: "ls" }), {}).argv).toEqual(["ls"]);
    expect(commandOf(template({ cmd: "$DIR/run" }), { DIR: "/opt/x" }).argv).toEqual(["/opt/x/run"]);
  });

  test("replaces a tilde with HOME of the process, else with the daemon's home directory", () => {
    expect(commandOf(template({ cmd: "~/run ~/x" }), { HOME: "/home/me" }).argv).toEqual([
      "/home/me/run",
      "/home/me/x",
    ]);
    expect(commandOf(template({ cmd: "~/run" }), {}).argv).toEqual([`${homedir()}/run`]);
  });

  test("with shell is left to the shell, with quoted args", () => {
    const shell = commandOf(template({ shell: true, cmd: 'printf "%s|" "$A"', args: ["$A", "it's", ""] }), { A: "x" });
    expect(shell.argv.slice(0, 2)).toEqual(["sh", "-c"]);
    expect(shell.unexpanded).toEqual([]);
    const run = Bun.spawnSync({ cmd: shell.argv, env: { A: "x" } });
    expect(run.stdout.toString()).toBe("x|$A|it's||");
  });

  test("with shell may contain an unclosed quote", () => {
    expect(commandOf(template({ shell: true, cmd: "cat <<E\nit's\nE" }), {}).argv[2]).toBe("cat <<E\nit's\nE");
  });

  test("is an error if it is empty after its variables are replaced", () => {
    expect(() => commandOf(template({ cmd: "$EMPTY x" }), { EMPTY: "" })).toThrow(GafferdError);
  });
});
