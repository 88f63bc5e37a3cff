import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import packageJson from "../../package.json" with { type: "json" };

const launcher = join(import.meta.dir, "../../src/gafferd.sh");
/** A PATH with the programs that the launcher uses, and without Bun. */
let programs: string;
let folder: string;
let modules: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gafferd-launcher-"));
  programs = join(folder, "programs");
  mkdirSync(programs);
  for (const each of ["sh", "readlink", "find", "uname", "tr", "dirname"]) {
    symlinkSync(Bun.which(each) ?? each, join(programs, each));
  }
  modules = join(folder, "node_modules");
  write("gafferd/src/main.ts", `console.log(JSON.stringify({ argv: process.argv.slice(2), pid: process.pid }));`);
  copyFileSync(launcher, join(modules, place("gafferd/src/gafferd.sh")));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("the launcher runs gafferd with the Bun that npm installed beside it, in the same process", async () => {
  installBun("bun/bin/bun.exe");
  const { out, err, osPid } = await run(["-v", "a b.ini"]);
  expect(err).toBe("");
  expect(JSON.parse(out)).toEqual({ argv: ["-v", "a b.ini"], pid: osPid });
});

test("the launcher works through the link that npm makes", async () => {
  installBun("bun/bin/bun.exe");
  mkdirSync(join(modules, ".bin"));
  symlinkSync("../gafferd/src/gafferd.sh", join(modules, ".bin/gafferd"));
  expect(JSON.parse((await run([], { command: join(modules, ".bin/gafferd") })).out)).toMatchObject({ argv: [] });
});

test("the launcher uses the binary of `@oven/bun-*` when install scripts did not run", async () => {
  write("bun/bin/bun.exe", `echo "Error: Bun's postinstall script was not run." >&2; exit 1`, 0o755);
  installBun(`@oven/bun-${process.platform}-${process.arch === "x64" ? "x64" : "aarch64"}/bin/bun`);
  expect(JSON.parse((await run(["--check"])).out)).toMatchObject({ argv: ["--check"] });
});

test("the launcher uses `bun` from the PATH when none is installed beside it", async () => {
  symlinkSync(process.execPath, join(programs, "bun"));
  expect(JSON.parse((await run(["--check"])).out)).toMatchObject({ argv: ["--check"] });
});

test("without Bun the launcher says what to install", async () => {
  const required = packageJson.engines.bun.replace(">=", "");
  expect(await run([])).toMatchObject({
    status: 78,
    out: "",
    err: `gafferd needs Bun ${required} or later, but none was found: install it with \`npm install --global bun@${required}\`.\n`,
  });
});

test("`.env` and `bunfig.toml` in the current folder do not change gafferd", async () => {
  installBun("bun/bin/bun.exe");
  write("gafferd/src/main.ts", `console.log(process.env.OF_DOTENV ?? "clean");`);
  const project = join(folder, "project");
  mkdirSync(project);
  writeFileSync(join(project, ".env"), "OF_DOTENV=taken\n");
  writeFileSync(join(project, "bunfig.toml"), `preload = ["./preload.ts"]\n`);
  writeFileSync(join(project, "preload.ts"), `console.log("preloaded");`);
  expect((await run([], { cwd: project })).out).toBe("clean\n");
});

function write(path: string, text: string, mode = 0o644): void {
  writeFileSync(join(modules, place(path)), text);
  chmodSync(join(modules, path), mode);
}

/** Creates the folder for a file. */
function place(path: string): string {
  mkdirSync(dirname(join(modules, path)), { recursive: true });
  return path;
}

function installBun(path: string): void {
  symlinkSync(process.execPath, join(modules, place(path)));
}

async function run(argv: readonly string[], options: { cwd?: string; command?: string } = {}) {
  const { cwd = folder, command = join(modules, "gafferd/src/gafferd.sh") } = options;
  const child = Bun.spawn([command, ...argv], { cwd, env: { PATH: programs }, stdout: "pipe", stderr: "pipe" });
  const [out, err, status] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, status, osPid: child.pid };
}
