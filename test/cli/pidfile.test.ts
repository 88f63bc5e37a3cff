import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { acquirePidfile, PidfileError } from "../../src/cli/pidfile.ts";
import { configureLog } from "../../src/log.ts";
import { waitFor } from "../wait-for.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gafferd-pidfile-"));
  path = join(folder, "gafferd.pid");
});
afterEach(() => rmSync(folder, { recursive: true }));

test("a pidfile contains the process id and is removed when it is released", () => {
  const release = acquirePidfile(path);
  expect(readFileSync(path, "utf8")).toBe(`${process.pid}\n`);
  expect(readdirSync(folder)).toEqual(["gafferd.pid"]);
  release();
  expect(readdirSync(folder)).toEqual([]);
});

test.each([
  ["is empty", ""],
  ["contains a blank line", "\n"],
  ["names a process that has ended", String(await idOfEndedProcess())],
  ["names this process, as in a container that was restarted", String(process.pid)],
  ["names a process that is not gafferd", String(process.ppid)],
])("a pidfile is replaced when it %s", (_, text) => {
  writeFileSync(path, text);
  acquirePidfile(path)();
  expect(existsSync(path)).toBe(false);
});

test("a pidfile of a running gafferd is refused with its process id", async () => {
  await using gafferd = startPretender();
  await waitFor(() => readFileSync(`/proc/${gafferd.pid}/cmdline`, "utf8") !== "", "the pretender's command line");
  writeFileSync(path, `${gafferd.pid}\n`);
  expect(() => acquirePidfile(path)).toThrow(`gafferd is already running as process ${gafferd.pid}; stop it first`);
  expect(readFileSync(path, "utf8")).toBe(`${gafferd.pid}\n`);
  expect(readdirSync(folder).toSorted()).toEqual(["gafferd.pid", "main.ts"]);
});

test("whatever lies beside the pidfile is neither followed nor waited for", () => {
  const victim = join(folder, "victim");
  writeFileSync(victim, "kept");
  symlinkSync(victim, `${path}.${process.pid}`);
  acquirePidfile(path)();
  expect(readFileSync(victim, "utf8")).toBe("kept");
});

test("a FIFO in place of the pidfile is refused at once", () => {
  Bun.spawnSync(["mkfifo", path]);
  expect(() => acquirePidfile(path)).toThrow("it is a FIFO, not a regular file");
});

test("a pidfile of a killed gafferd is replaced, even if its parent has not reaped it", async () => {
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

describe("a pidfile without a process id", () => {
  test.each(["0", "0\n", "-1", "-5", "00", "4194305", "99999999999", "12 34", "1e3", "0x10", "+7", "nginx"])(
    "is replaced with a warning when it contains %j",
    (text) => {
      writeFileSync(path, text);
      const warnings = recordLog(() => acquirePidfile(path)());
      const contents = JSON.stringify(text.trim());
      expect(warnings).toEndWith(
        ` warn  pidfile \`${path}\` contains ${contents}, which is not a process id; replacing the file\n`,
      );
      expect(existsSync(path)).toBe(false);
    },
  );

  test("is replaced without a warning when it contains only NUL bytes, as after a power failure", () => {
    writeFileSync(path, "\0".repeat(512));
    expect(recordLog(() => acquirePidfile(path)())).toBe("");
    expect(existsSync(path)).toBe(false);
  });

  test.each(["[gaffer]\n", "[process:web]\ncmd = sleep 60\n", "x".repeat(33), "\u00e4"])(
    "is not replaced when it is another file: %j",
    (text) => {
      writeFileSync(path, text);
      expect(() => acquirePidfile(path)).toThrow("it is another file, not a pidfile");
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );

  test("never causes the advice to kill that process", () => {
    for (const text of ["0", "-1", "99999999999", "[gaffer]"]) {
      writeFileSync(path, text);
      let message = "";
      const warnings = recordLog(() => {
        try {
          acquirePidfile(path)();
        } catch (error) {
          message = String(error);
        }
      });
      expect(warnings + message).not.toContain("kill");
    }
  });
});

test("a pidfile that cannot be written is refused with the reason", () => {
  expect(() => acquirePidfile(join(folder, "none", "g.pid"))).toThrow(PidfileError);
  expect(() => acquirePidfile(join(folder, "none", "g.pid"))).toThrow(/cannot write the pidfile `.*ENOENT/);
  expect(() => acquirePidfile(folder)).toThrow(/cannot write the pidfile `.*it is a directory/);
});

test("a pidfile that another gafferd has replaced is not removed", () => {
  const release = acquirePidfile(path);
  writeFileSync(path, "1\n");
  release();
  expect(readFileSync(path, "utf8")).toBe("1\n");
});

/** Returns what is logged while `act` runs. */
function recordLog(act: () => void): string {
  let text = "";
  configureLog({ write: (more) => (text += more) });
  try {
    act();
  } finally {
    configureLog({});
  }
  return text;
}

async function idOfEndedProcess(): Promise<number> {
  const ended = Bun.spawn({ cmd: ["true"] });
  await ended.exited;
  return ended.pid;
}

/** A running process that looks like gafferd: Bun with a `main.ts`. */
function startPretender() {
  const script = join(folder, "main.ts");
  writeFileSync(script, "setInterval(() => {}, 1000);");
  return Bun.spawn({ cmd: ["bun", script] });
}
