import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquirePidfile, PidfileError } from "../../src/cli/pidfile.ts";
import { waitFor } from "../wait-for.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gafferd-pidfile-"));
  path = join(folder, "gafferd.pid");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a pidfile holds the process id and goes when it is released", () => {
  const release = acquirePidfile(path);
  expect(readFileSync(path, "utf8")).toBe(`${process.pid}\n`);
  expect(readdirSync(folder)).toEqual(["gafferd.pid"]);
  release();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["is empty", ""],
  ["holds a blank line", "\n"],
  ["names a process that is gone", String(await idOfEndedProcess())],
  ["names this process, as in a container that was restarted", String(process.pid)],
  ["names a process that is no gafferd", String(process.ppid)],
])("a pidfile is replaced when it %s", (_, text) => {
  writeFileSync(path, text);
  acquirePidfile(path)();
  expect(existsSync(path)).toBe(false);
});

test("a pidfile that a live gafferd holds is refused with its id", async () => {
  await using gafferd = startPretender();
  await waitFor(() => readFileSync(`/proc/${gafferd.pid}/cmdline`, "utf8") !== "", "the pretender's command line");
  writeFileSync(path, `${gafferd.pid}\n`);
  expect(() => acquirePidfile(path)).toThrow(`gafferd runs already as process ${gafferd.pid}; stop it first`);
  expect(readFileSync(path, "utf8")).toBe(`${gafferd.pid}\n`);
  expect(readdirSync(folder).toSorted()).toEqual(["gafferd.pid", "main.ts"]);
});

test("a pidfile of a gafferd that was killed is replaced, though its parent has not asked for its end", async () => {
  const shell = Bun.spawn({
    cmd: ["sh", "-c", `bash -c 'exec -a gafferd sleep 60' gafferd & echo $!; kill -KILL $!; exec sleep 60`],
    stdout: "pipe",
  });
  const { value } = await shell.stdout.getReader().read();
  const zombie = new TextDecoder().decode(value).trim();
  const state = () => Bun.spawnSync(["ps", "-o", "stat=", "-p", zombie]).stdout.toString();
  await waitFor(() => state().startsWith("Z"), "its death");
  writeFileSync(path, zombie);
  acquirePidfile(path)();
  shell.kill("SIGKILL");
  await shell.exited;
});

test.each(["[gaffer]\n", "12 34", "-5", "1e3", "99999999999"])("a file that holds %j is left alone", (text) => {
  writeFileSync(path, text);
  expect(() => acquirePidfile(path)).toThrow("it holds something else than a process id");
  expect(readFileSync(path, "utf8")).toBe(text);
});

test("a pidfile that cannot be written is refused with the reason", () => {
  expect(() => acquirePidfile(join(folder, "none", "g.pid"))).toThrow(PidfileError);
  expect(() => acquirePidfile(join(folder, "none", "g.pid"))).toThrow(/cannot write the pidfile `.*ENOENT/);
  expect(() => acquirePidfile(folder)).toThrow(/cannot write the pidfile `.*EISDIR/);
});

test("a pidfile that another gafferd has taken over is not removed", () => {
  const release = acquirePidfile(path);
  writeFileSync(path, "1\n");
  release();
  expect(readFileSync(path, "utf8")).toBe("1\n");
});

async function idOfEndedProcess(): Promise<number> {
  const ended = Bun.spawn({ cmd: ["true"] });
  await ended.exited;
  return ended.pid;
}

/** A live process that looks like a gafferd: Bun running a `main.ts`. */
function startPretender() {
  const script = join(folder, "main.ts");
  writeFileSync(script, "setInterval(() => {}, 1000);");
  return Bun.spawn({ cmd: ["bun", script] });
}
