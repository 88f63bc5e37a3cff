import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ProcessTemplate } from "../../../src/template/template.ts";
import { startProcess } from "../start-process.ts";
import { resolveUser, type UserChoice } from "../../../src/process/spawn/user.ts";
import { isRoot, readText } from "../observe.ts";
import { sampleTemplate } from "../sample-template.ts";

const accounts = readFileSync("/etc/passwd", "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split(":"))
  .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }))
  .filter(({ uid }) => uid !== 0);

const refusal = (message: string, field: string) =>
  expect.objectContaining({ code: "spawn_failed", field, message, details: { transient: false } });

test("no user, or gafferd's own user, changes nothing", () => {
  expect(resolveUser({})).toBeUndefined();
  expect(resolveUser({ uid: process.geteuid?.() ?? 0 })).toBeUndefined();
  expect(resolveUser({ uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 })).toBeUndefined();
});

// Only root can start a process as another user.
test.skipIf(!isRoot)("every account is found by name and by number, with the groups that `id` prints", () => {
  for (const { name, uid, gid } of accounts) {
    const expected = Bun.spawnSync(["id", "-G", "--", name]).stdout.toString().trim().split(" ").map(Number);
    const user = resolveUser({ uid: name });
    expect(user).toMatchObject({ uid, gid });
    expect(new Set([gid, ...(user?.groups ?? [])])).toEqual(new Set(expected));
    expect(resolveUser({ uid: String(uid) })?.uid).toBe(uid);
  }
});

test.skipIf(!isRoot)("a group is found by name and replaces the primary group", () => {
  expect(resolveUser({ uid: "nobody", gid: "games" })).toEqual({ uid: 65_534, gid: 60, groups: [] });
});

test.skipIf(!isRoot)("a number without an entry needs a `gid` and has no supplementary groups", () => {
  expect(resolveUser({ uid: 54_321, gid: 12_345 })).toEqual({ uid: 54_321, gid: 12_345, groups: [] });
  const reason = "cannot run as user 54321: it has no entry in /etc/passwd; set `gid` too";
  expect(() => resolveUser({ uid: 54_321 })).toThrow(refusal(reason, "gid"));
});

test.each<[UserChoice, string, string]>([
  [{ uid: "no-such-user" }, "uid", "cannot run as user `no-such-user`: no such user"],
  [{ gid: "no-such-group" }, "gid", "cannot run as group `no-such-group`: no such group"],
  [{ uid: "--help" }, "uid", "cannot run as user `--help`: no such user"],
  [{ uid: -1 }, "uid", "cannot run as user -1: an id is a whole number from 0 to 4294967294"],
  [{ uid: 4_294_967_295 }, "uid", "cannot run as user 4294967295: an id is a whole number from 0 to 4294967294"],
  [{ uid: 0, gid: 1.5 }, "gid", "cannot run as group 1.5: an id is a whole number from 0 to 4294967294"],
])("%j is refused with its reason", (choice, field, message) => {
  expect(() => resolveUser(choice)).toThrow(refusal(message, field));
});

test.skipIf(!isRoot)("a daemon that is not root refuses other users and groups", () => {
  process.seteuid?.(65_534);
  try {
    expect(() => resolveUser({ uid: 12_321, gid: 12_321 })).toThrow(
      refusal("cannot run as user 12321: gafferd runs as user 65534, and only root can change users", "uid"),
    );
    expect(() => resolveUser({ gid: "games" })).toThrow("cannot run as group games: gafferd runs as user 65534");
  } finally {
    process.seteuid?.(0);
  }
});

const entryOf = (user: string) => {
  const fields = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const [name, , , , , home, shell] = fields.find(([each]) => each === user) ?? [];
  return `${home}:${name}:${name}:${shell}`;
};

describe("HOME, USER, LOGNAME and SHELL are those of the process's user", () => {
  const script = "echo $HOME:$USER:$LOGNAME:$SHELL";
  const inherited = { HOME: "/their/home", USER: "they", LOGNAME: "they", SHELL: "/their/shell" };
  const variablesOf = async (overrides: Partial<ProcessTemplate>) => {
    const before = { ...process.env };
    Object.assign(process.env, inherited);
    try {
      const started = startProcess(sampleTemplate({ cmd: script, shell: true, redirectOutput: ["out"], ...overrides }));
      return (await readText(started.outputs[0])).trim();
    } finally {
      for (const name of Object.keys(inherited)) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    }
  };
  test.skipIf(!isRoot)("given by name or by number, with or without gafferd's environment", async () => {
    for (const uid of ["games", 5, "nobody"]) {
      const expected = entryOf(uid === 5 ? "games" : String(uid));
      expect(await variablesOf({ uid })).toBe(expected);
      expect(await variablesOf({ uid, osEnv: false })).toBe(expected);
      expect(await variablesOf({ uid, gid: "users" })).toBe(expected);
    }
  });

  test("even if gafferd runs as the same user", async () => {
    const name = Bun.spawnSync(["id", "-un"]).stdout.toString().trim();
    expect(await variablesOf({ uid: process.geteuid?.() ?? 0 })).toBe(entryOf(name));
  });

  test.skipIf(!isRoot)("unless `env` or an env file sets them", async () => {
    const env = { HOME: "/mine", SHELL: "" };
    expect(await variablesOf({ uid: "games", env })).toBe("/mine:games:games:");
    const file = join(mkdtempSync(join(tmpdir(), "gafferd-user-")), "env");
    writeFileSync(file, "USER=file\n");
    expect(await variablesOf({ uid: "games", envFiles: [file] })).toBe(entryOf("games").replace(":games:", ":file:"));
    rmSync(dirname(file), { recursive: true });
  });

  test.skipIf(!isRoot)("a number without an account has the home `/` and no name", async () => {
    expect(await variablesOf({ uid: 54_321, gid: 54_321 })).toBe("/:::/bin/sh");
  });

  test("and those of gafferd if the template sets no user", async () => {
    expect(await variablesOf({})).toBe("/their/home:they:they:/their/shell");
    if (isRoot) expect(await variablesOf({ gid: "games" })).toBe("/their/home:they:they:/their/shell");
  });

  test.skipIf(!isRoot)("and apply to `~` and `$HOME` in its command", async () => {
    expect(await variablesOf({ uid: "games", cmd: "echo ~/x $HOME", shell: false })).toBe("/usr/games/x /usr/games");
  });
});

test.skipIf(!isRoot)("the process has the user's ids and groups, and none of root's", async () => {
  const process = startProcess(
    sampleTemplate({ cmd: "cat /proc/self/status", uid: "games", gid: "users", redirectOutput: ["out"] }),
  );
  const status = await readText(process.outputs[0]);
  expect(status).toMatch(/^Uid:\t5\t5\t5\t5$/m);
  expect(status).toMatch(/^Gid:\t100\t100\t100\t100$/m);
  expect(status).toMatch(/^Groups:\s*$/m);
});
