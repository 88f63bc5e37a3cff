import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { main, startGafferd } from "../cli/running.ts";
import { canRun, isLinuxRoot } from "../files/as-root.ts";
import { waitFor } from "../wait-for.ts";

const stranger = 4711;

let folder: string;
beforeEach(() => {
  // All users can open it.
  folder = mkdtempSync("/tmp/gafferd-insecure-");
  chmodSync(folder, 0o755);
});
afterEach(() => rmSync(folder, { recursive: true }));

const at = (name: string): string => join(folder, name);

function write(name: string, text: string): string {
  mkdirSync(dirname(at(name)), { recursive: true });
  writeFileSync(at(name), text);
  return at(name);
}

/** Runs `gafferd` to its end. The home is in the folder. */
async function run(argv: readonly string[], { under = [] as readonly string[] } = {}) {
  const env = { ...process.env, HOME: folder };
  const cmd = [...under, process.execPath, main, ...argv];
  const child = Bun.spawn({ cmd, env, stdout: "pipe", stderr: "pipe", timeout: 15_000 });
  const [out, err] = await Promise.all([child.stdout.text(), child.stderr.text()]);
  return { status: await child.exited, out, err };
}

const plugin = (mark: string) => `
  import { Plugin } from "gafferd";
  import "../lib.ts";
  require("node:fs").writeFileSync(${JSON.stringify(mark)}, "");
  export class P extends Plugin { name = "p"; }
`;

describe.if(isLinuxRoot)("as root", () => {
  const ini = "[gaffer]\nplugins_dir = plugins\nstate_dir = state\ninclude = more.ini\n";
  const prepare = () => {
    write("plugins/p/plugin/index.ts", plugin(at("was-loaded")));
    write("plugins/p/lib.ts", "");
    write("plugins/site/_site/index.html", "");
    write("more.ini", "");
    mkdirSync(at("state"));
    return write("gaffer.ini", ini);
  };

  test.each([
    ["the configuration", "gaffer.ini"],
    ["an included file", "more.ini"],
    ["the state folder", "state"],
    ["the plugins", "plugins"],
    ["the folder of a plugin", "plugins/p"],
    ["a module", "plugins/p/plugin/index.ts"],
    ["a file that a module imports", "plugins/p/lib.ts"],
    ["a site", "plugins/site/_site"],
  ])("--check and a start refuse %s of somebody else with the same words, and run no code of it", async (_, part) => {
    const file = prepare();
    chownSync(at(part), stranger, stranger);
    const [checked, started] = await Promise.all([run(["--check", file]), run(["--bind=127.0.0.1:0", file])]);
    expect(checked.status).toBe(2);
    expect(checked.err).toContain("belongs to user 4711, who can change what gafferd does as root; ");
    expect(checked.err).toContain(`run \`chown root ${at(part)}\`, or `);
    expect(started).toEqual({ ...checked, out: "" });
    expect(existsSync(at("was-loaded"))).toBe(false);
  });

  test("--insecure-files and `insecure_files` allow what is refused, also in the background", async () => {
    const file = prepare();
    Bun.spawnSync(["chown", "-R", String(stranger), at("plugins"), at("state"), at("more.ini")]);
    expect((await run(["--check", file])).status).toBe(2);
    expect(await run(["--check", "--insecure-files", file])).toMatchObject({ status: 0, err: "" });
    write("gaffer.ini", `${ini}insecure_files = true\n`);
    const { status, out } = await run(["--check", file]);
    expect({ status, out }).toMatchObject({
      status: 0,
      out: expect.stringContaining("other users than root can change"),
    });
    chownSync(file, stranger, stranger);
    const daemon = await run(["--daemon", "--insecure-files", "--bind=127.0.0.1:0", file]);
    expect(daemon).toMatchObject({ status: 0, err: "" });
    process.kill(Number(/^pid (\d+)/.exec(daemon.out)?.[1]), "SIGTERM");
  });

  test("a reload of files that others can change is refused, over HTTP and by SIGHUP, and changes nothing", async () => {
    const file = prepare();
    write("more.ini", "[process:kept]\ncmd = sleep 600\n");
    await using gafferd = await startGafferd([file], { env: { HOME: folder } });
    const reload = async () => {
      const response = await fetch(`${gafferd.url}/_reload`, { method: "POST" });
      return { status: response.status, body: await response.text() };
    };
    const templates = async () => (await (await fetch(`${gafferd.url}/processes`)).json()) as unknown;
    const before = await templates();
    write("more.ini", "");
    for (const part of ["more.ini", "plugins/p/lib.ts", "state", "gaffer.ini"]) {
      chownSync(at(part), stranger, stranger);
      const { status, body } = await reload();
      expect(status).toBe(422);
      expect(body).toContain(`nothing was changed: ${file}`);
      expect(body).toContain(`run \`chown root ${at(part)}\``);
      chownSync(at(part), 0, 0);
    }
    chmodSync(at("more.ini"), 0o666);
    gafferd.kill("SIGHUP");
    await waitFor(
      () => gafferd.err().includes("cannot reload on SIGHUP, nothing was changed"),
      "the refusal of the reload",
    );
    expect(gafferd.err()).toContain("may be written by all users");
    expect(await templates()).toEqual(before);
    chmodSync(at("more.ini"), 0o644);
    expect((await reload()).status).toBe(200);
    expect(await templates()).not.toEqual(before);
  });

  test("an env file of somebody else is refused for a process of root, and read for another user", async () => {
    const envFile = write("env", "A=1\n");
    chownSync(envFile, stranger, stranger);
    const file = write("gaffer.ini", `[process:root]\ncmd = sleep 600\nenv_file = env\n`);
    const refused = `cannot use the env file ${envFile} for a process of root: it belongs to user 4711, who can change`;
    const { status, err } = await run(["--check", file]);
    expect({ status, err }).toMatchObject({ status: 2, err: expect.stringContaining(`env_file: ${refused}`) });

    await using gafferd = await startGafferd([file], { env: { HOME: folder } });
    const create = async (more: object) => {
      const template = { cmd: "sleep 600", cwd: "/", env_file: [envFile], ...more };
      return await (await fetch(`${gafferd.url}/processes`, { method: "POST", body: JSON.stringify(template) })).text();
    };
    // A start runs what it can.
    await waitFor(() => gafferd.err().includes(refused), "the reason why the template does not start");
    expect(await create({ name: "a" })).toContain(refused);
    expect(await create({ name: "b", uid: 0 })).toContain(refused);
    expect(await create({ name: "c", uid: stranger, gid: stranger })).toContain('"ok":true');
    write("gaffer.ini", "[gaffer]\ninsecure_files = true\n");
    expect((await fetch(`${gafferd.url}/_reload`, { method: "POST" })).status).toBe(200);
    expect(await create({ name: "d" })).toContain('"ok":true');
  });

  test("state_dir is created at the start, so that nobody else can create it in a folder such as /tmp", async () => {
    chmodSync(folder, 0o1777);
    const file = write("gaffer.ini", "[gaffer]\nstate_dir = state\n");
    await using gafferd = await startGafferd([file]);
    expect(gafferd.url).not.toBe("");
    const { uid, mode } = statSync(at("state"));
    expect({ uid, mode: mode & 0o7777 }).toEqual({ uid: 0, mode: 0o700 });
  });

  test("what gafferd itself creates is not refused later, even with umask 0", async () => {
    const under = ["sh", "-c", 'umask 0; exec "$@"', "sh"];
    // All users may enter state_dir, so what is in it counts.
    mkdirSync(at("state"), { mode: 0o755 });
    const file = write("gaffer.ini", "[gaffer]\nstate_dir = state\n[webhooks]\nspawn = http://127.0.0.1:9/\n");
    write("source/plugin/index.ts", `import { Plugin } from "gafferd"; export class Q extends Plugin { name = "q"; }`);
    Bun.spawnSync(["chmod", "-R", "a+w", at("source")]);
    const template = JSON.stringify({ name: "p", cmd: "sleep 600", cwd: "/", persist: false });
    const start = async () => {
      await using gafferd = await startGafferd([`--pidfile=${at("x.pid")}`, file], {
        env: { HOME: folder },
        under: [...under, process.execPath],
      });
      expect((await fetch(`${gafferd.url}/processes`, { method: "POST", body: template })).status).toBe(200);
      expect(existsSync(at("state/gafferd.sqlite"))).toBe(true);
    };
    expect((await run(["plugin", "new", "fresh"], { under })).status).toBe(0);
    expect((await run(["plugin", "install", at("source")], { under })).status).toBe(0);
    expect((await run(["--check", file])).err).toBe("");
    await start();
    await start();
    expect((await run(["--check", file])).err).toBe("");
  });

  test("`gafferd plugin` loads no code that somebody else can change", async () => {
    prepare();
    chownSync(at("plugins/p/lib.ts"), stranger, stranger);
    const argv = ["plugin", "list", "-p", at("plugins")];
    const { status, out } = await run(argv);
    expect({ status, out }).toMatchObject({
      status: 0,
      out: expect.stringContaining("p  broken: cannot use the plugin"),
    });
    expect(out).toContain("belongs to user 4711");
    expect(existsSync(at("was-loaded"))).toBe(false);
    expect((await run([...argv, "--insecure-files"])).out).toContain("p  app");
    expect(existsSync(at("was-loaded"))).toBe(true);
  });

  const asNobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
  // Not every user may read the folders above a clone.
  const isReadable = canRun([...asNobody, "test", "-r", main, "-a", "-x", process.execPath, "-a"]);
  test.skipIf(!isReadable)("a gafferd that does not run as root uses what its user can read", async () => {
    const file = prepare();
    Bun.spawnSync(["chown", "-R", String(stranger), folder]);
    Bun.spawnSync(["chmod", "-R", "a+w", folder]);
    expect(await run(["--check", file], { under: asNobody })).toMatchObject({ status: 0, err: "" });
    expect((await run(["--check", file])).status).toBe(2);
  });
});
