import { afterAll, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findExecutable } from "../../../src/process/spawn/executable.ts";
import { isRoot } from "../observe.ts";

const folder = mkdtempSync(join(tmpdir(), "gafferd-executable-"));
chmodSync(folder, 0o755);
afterAll(() => rmSync(folder, { recursive: true }));

function put(name: string, mode: number, text = "#!/bin/sh\n"): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function find(program: string, overrides: Partial<Parameters<typeof findExecutable>[0]> = {}): string {
  return findExecutable({ program, searchPath: "/usr/bin:/bin", cwd: folder, user: undefined, ...overrides });
}

const nobody = { uid: 65_534, gid: 65_534, groups: [] };

test("a name is looked up in PATH", () => {
  expect(find("env", { searchPath: "/nowhere:/usr/bin:/bin" })).toBe("/usr/bin/env");
});

test("an environment without PATH has a default", () => {
  expect(find("env", { searchPath: undefined })).toBe("/usr/bin/env");
});

test("a relative or empty entry of PATH starts at the working directory", () => {
  const path = put("tool", 0o755);
  expect(find("tool", { searchPath: "." })).toBe(path);
  expect(find("tool", { searchPath: "/nowhere:" })).toBe(path);
});

test("a relative path starts at the working directory", () => {
  expect(find("./tool")).toBe(put("tool", 0o755));
});

test("a file in PATH that is not executable is skipped", () => {
  put("env", 0o644);
  expect(find("env", { searchPath: `${folder}:/usr/bin` })).toBe("/usr/bin/env");
});

test.each([
  ["no-such-program", {}, "cmd", "no such program in the 2 directories of PATH; install it, or use its full path"],
  ["./no-such-file", {}, "cmd", "no such file"],
  ["true", { cwd: "/no/such/folder" }, "cwd", "its working directory /no/such/folder does not exist"],
  ["true", { cwd: "/etc/passwd" }, "cwd", "its working directory /etc/passwd is not a directory"],
  ["/etc", {}, "cmd", "/etc is a directory"],
  ["/dev/null", {}, "cmd", "/dev/null is not a regular file"],
  ["/etc/passwd", {}, "cmd", "/etc/passwd is not executable (permission denied)"],
])("%s with %j is refused with its reason", (program, overrides, field, reason) => {
  const find1 = () => find(program, overrides);
  expect(find1).toThrow(
    expect.objectContaining({
      code: "spawn_failed",
      field,
      details: { transient: false },
      message: `cannot start \`${program}\`: ${reason}`,
    }),
  );
});

test("a script with a missing interpreter is refused with the interpreter's name", () => {
  const path = put("script", 0o755, "#! /no/such/interpreter -x\necho\n");
  expect(() => find(path)).toThrow(`cannot start \`${path}\`: its interpreter \`/no/such/interpreter\` does not exist`);
});

test("the mode bits of a user's own class decide what the user may execute", () => {
  const owner = { uid: process.geteuid?.() ?? 0, gid: 1, groups: [] };
  expect(find(put("bits", 0o700), { user: owner })).toEndWith("/bits");
  expect(find(put("bits", 0o755), { user: nobody })).toEndWith("/bits");
  expect(find(put("bits", 0o751), { user: nobody })).toEndWith("/bits");
  // If the mode bits deny access, the kernel is queried as that user, which only root can do.
  const forbidden = put("bits", 0o754);
  if (isRoot) expect(() => find(forbidden, { user: nobody })).toThrow("is not executable by user 65534");
});

test.skipIf(!isRoot)("a program in a directory that the user may not search is refused", () => {
  mkdirSync(join(folder, "closed"));
  const path = put("closed/tool", 0o755);
  expect(find(path, { user: nobody })).toBe(path);
  chmodSync(join(folder, "closed"), 0o700);
  expect(() => find(path, { user: nobody })).toThrow(`${path} is not executable by user 65534`);
  chmodSync(join(folder, "closed"), 0o710);
  expect(find(path, { user: { ...nobody, groups: [0] } })).toBe(path);
});
