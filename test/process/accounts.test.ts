import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  findAccount,
  findGroupId,
  knowsAccounts,
  loadAccounts,
  localAccounts,
  supplementaryGroupsOf,
} from "../../src/process/accounts.ts";
import { temporaryFolder } from "../http/listen/listening.ts";

const path = process.env["PATH"];
afterEach(() => void (process.env["PATH"] = path));

test("an account of /etc/passwd is found by name and by number, with its home and shell", () => {
  const [name = "", , uid = "", gid = "", , home = "", shell = ""] =
    readFileSync("/etc/passwd", "utf8").split("\n")[0]?.split(":") ?? [];
  const expected = { name, uid: Number(uid), gid: Number(gid), home, shell, isLocal: true };
  for (const user of [name, Number(uid), uid]) expect(findAccount(user)).toEqual(expected);
  expect(localAccounts()).toBe(localAccounts());
});

test("an unknown user is not found", () => {
  expect(findAccount("no-such-user")).toBeUndefined();
  expect(findAccount("--help")).toBeUndefined();
  expect(findAccount(4_000_000_000)).toBeUndefined();
  expect(findGroupId("no-such-group")).toBeUndefined();
});

test("a slow directory service does not hold up the event loop, and is not asked twice", async () => {
  using folder = temporaryFolder();
  const log = join(folder.path, "log");
  for (const name of ["getent", "id"]) {
    writeFileSync(join(folder.path, name), `#!/bin/sh\necho "${name} $*" >> ${log}\nsleep 0.3\nexit 2\n`);
    chmodSync(join(folder.path, name), 0o755);
  }
  process.env["PATH"] = `${folder.path}:${path}`;
  let turns = 0;
  let isLoading = true;
  const count = (): void => {
    turns += 1;
    if (isLoading) setTimeout(count, 1);
  };
  count();
  expect(knowsAccounts("slow-user", "slow-group")).toBe(false);
  // A second request joins the queries of the first.
  await Promise.all([loadAccounts("slow-user", "slow-group"), loadAccounts("slow-user", "slow-group")]);
  isLoading = false;
  expect(turns).toBeGreaterThan(20);
  expect(knowsAccounts("slow-user", "slow-group")).toBe(true);
  expect(knowsAccounts("root", 0)).toBe(true);
  const asked = readFileSync(log, "utf8");
  expect(asked.split("\n").filter((line) => line === "getent passwd slow-user")).toHaveLength(1);
  expect(findAccount("slow-user")).toBeUndefined();
  expect(findGroupId("slow-group")).toBeUndefined();
  expect(readFileSync(log, "utf8")).toBe(asked);
});

describe("a directory service that getent and id query", () => {
  test("provides users and groups", () => {
    using folder = temporaryFolder();
    const script = (name: string, text: string) => {
      writeFileSync(join(folder.path, name), `#!/bin/sh\n${text}`);
      chmodSync(join(folder.path, name), 0o755);
    };
    script(
      "getent",
      `case "$1 $2" in "passwd ldap") echo ldap:x:7001:7002::/home/ldap:/bin/zsh;; "group staff-l") echo staff-l:x:7003:;; *) exit 2;; esac`,
    );
    script("id", `test "$1 $3" = "-G ldap" && echo 7002 7003`);
    process.env["PATH"] = `${folder.path}:${path}`;
    const account = findAccount("ldap");
    expect(account).toEqual({
      name: "ldap",
      uid: 7001,
      gid: 7002,
      home: "/home/ldap",
      shell: "/bin/zsh",
      isLocal: false,
    });
    expect(account && supplementaryGroupsOf(account)).toEqual([7003]);
    expect(findGroupId("staff-l")).toBe(7003);
  });
});
