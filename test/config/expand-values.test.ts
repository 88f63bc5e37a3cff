import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { commandOf } from "../../src/template/environment.ts";
import { createFolder } from "./folder.ts";

const { folder, load, problemsOf, warningsOf } = createFolder();

const inherited = { PATH: "/usr/bin:/bin", HOME: "/home/me", PORT: "8080", N: "3", DIR: "/srv" };
const web = (lines: string) => load(`[process:web]\ncmd = x\n${lines}`, undefined, inherited).templates[0];

describe("variables in the values of a file", () => {
  test("are replaced in env:KEY and [env:NAME] from gafferd's environment", () => {
    expect(
      web("env:PATH = /opt/x/bin:$PATH\nenv:CACHE = ${HOME}/.cache\nenv:P = ${NONE:-80}\n[env:web]\nD = $DIR/a")?.env,
    ).toEqual({ PATH: "/opt/x/bin:/usr/bin:/bin", CACHE: "/home/me/.cache", P: "80", D: "/srv/a" });
  });

  test("come from gafferd's environment, even if the process has other values", () => {
    expect(web("env:PATH = /a\nenv:OLD = $PATH\nos_env = no")?.env).toEqual({ PATH: "/a", OLD: "/usr/bin:/bin" });
  });

  test.each([
    ["'$HOME'", "$HOME"],
    ["\\$HOME", "$HOME"],
    ["$$HOME", "$HOME"],
    ["pa$$word", "pa$word"],
    ["sh -c 'echo $HOME'", "sh -c 'echo $HOME'"],
    ["a$", "a$"],
    ["$5", "$5"],
  ])("are literal in env:A = %s", (written, value) => {
    expect(web(`env:A = ${written}`)?.env["A"]).toBe(value);
  });

  test("are replaced in numprocesses, port and env_file", () => {
    expect(web("port = $PORT")?.port).toBe(8080);
    expect(web("numprocesses = $N")?.numprocesses).toBe(3);
    expect(web("numprocesses = ${WEB_CONCURRENCY:-2}")?.numprocesses).toBe(2);
    expect(web("env_file = $DIR/a.env, ${SUB:-b}.env")?.envFiles).toEqual(["/srv/a.env", join(folder, "b.env")]);
    expect(problemsOf("[process:web]\ncmd = x\nnumprocesses = $UNSET_N")).toEqual([
      'gaffer.ini:3: [process:web] numprocesses: must be a whole number from 0 to 10000, not "$UNSET_N"',
    ]);
  });

  test("are replaced in bind", () => {
    const { endpoints } = load(
      "[endpoint:a]\nbind = 127.0.0.1:$PORT, unix:$DIR/x.sock, ${H:-[::1]}:1",
      undefined,
      inherited,
    );
    expect(endpoints[0]?.binds).toEqual([
      { kind: "tcp", host: "127.0.0.1", port: 8080 },
      { kind: "unix", path: "/srv/x.sock" },
      { kind: "tcp", host: "::1", port: 1 },
    ]);
  });

  test("are replaced in cwd, cmd and args when a process starts, from its own environment", () => {
    const template = web("cwd = $APP/${SUB:-logs}\nargs = $APP '$APP' $$\nenv:APP = $DIR/app");
    expect(template && commandOf(template, template.env)).toMatchObject({
      argv: ["x", "/srv/app", "$APP", "$"],
      cwd: "/srv/app/logs",
    });
    const beside = web("cwd = ./$APP\nenv:APP = shop");
    expect(beside && commandOf(beside, beside.env).cwd).toBe(join(folder, "shop"));
    const literal = web("cwd = '/srv/$APP'");
    expect(literal && commandOf(literal, { APP: "shop" }).cwd).toBe("/srv/$APP");
  });

  test("are kept in a program with a slash, relative to the file", () => {
    const template = load("[process:web]\ncmd = ./bin/$ARCH/run '$ARCH'\ncwd = /tmp").templates[0];
    expect(template && commandOf(template, { ARCH: "arm" }).argv).toEqual([join(folder, "bin/arm/run"), "$ARCH"]);
  });

  test("that are not set are not replaced, with a warning that names the key and the line", () => {
    const config = `[process:web]
cmd = x $UNSET_A
args = \${UNSET_B} $HOME
cwd = /srv/$UNSET_C
env:A = $UNSET_D \${UNSET_D}
[env:web]
B = \${UNSET_E:?x}
[endpoint:a]
bind = unix:/tmp/$UNSET_F`;
    const advice = "is not set and is not replaced; set it, or write $$ for a literal $";
    expect(warningsOf(config)).toEqual([
      `gaffer.ini:2: [process:web] cmd: $UNSET_A ${advice}`,
      `gaffer.ini:3: [process:web] args: $UNSET_B ${advice}`,
      `gaffer.ini:4: [process:web] cwd: $UNSET_C ${advice}`,
      `gaffer.ini:5: [process:web] env:A: $UNSET_D ${advice}`,
      "gaffer.ini:7: [env:web] B: ${UNSET_E:?x} is not replaced; only $VAR, ${VAR} and ${VAR:-default} are",
      `gaffer.ini:9: [endpoint:a] bind: $UNSET_F ${advice}`,
    ]);
    expect(load(config).templates[0]?.env).toEqual({ A: "$UNSET_D ${UNSET_D}", B: "${UNSET_E:?x}" });
  });

  test("that only the process has cause no warning: those of its user, folder and slot", () => {
    const cmd = "cmd = x $HOME $USER $LOGNAME $SHELL $PWD $GAFFER_SLOT $PORT";
    expect(warningsOf(`[process:web]\n${cmd}\nuid = nobody\nos_env = no\nport = 5100`)).toEqual([]);
  });

  test("are left to the shell in cmd with shell, without a warning", () => {
    expect(warningsOf("[process:web]\nshell = yes\ncmd = for a in b; do echo $a $(date) | cat; done")).toEqual([]);
  });
});

test("a script in single quotes reaches the shell unchanged, even if its variables are set", async () => {
  const script = "for HOME in a b; do echo $HOME $$ | sed s/[0-9][0-9]*/N/; done";
  for (const lines of [`cmd = sh -c '${script}'`, `cmd = sh\nargs = -c '${script}'`]) {
    const template = load(`[process:loop]\n${lines}`).templates[0];
    const argv = template === undefined ? [] : commandOf(template, { HOME: "/h" }).argv;
    expect(Bun.spawnSync(argv).stdout.toString()).toBe("a N\nb N\n");
  }
});
