import { afterAll, expect, test } from "bun:test";
import { rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { limitingCgroups, ownCgroup } from "../../src/process/own-cgroups.ts";

const file = join(tmpdir(), `gafferd-own-cgroups-${process.pid}`);
afterAll(() => rmSync(file, { force: true }));

const hybrid = "9:name=systemd:/\n3:cpu,pids:/docker/a\n4:memory:/m\n0::/system.slice/a.service\n";

test.each([
  ["", "/system.slice/a.service"],
  ["pids", "/docker/a"],
  ["cpu", "/docker/a"],
  ["systemd", undefined],
  ["memory.max", undefined],
])("in the hierarchy of %j, gafferd is in %p", (controller, path) => {
  writeFileSync(file, hybrid);
  expect(ownCgroup(controller, { file })).toBe(path);
});

test("on a system without cgroups there is none", () => {
  expect(ownCgroup("", { file: "/no/such/file" })).toBeUndefined();
  expect(limitingCgroups("pids", { file: "/no/such/file", mount: "/c" })).toEqual([]);
});

test.each([
  ["of version 2", "0::/system.slice/a.service\n", ["/c/system.slice/a.service", "/c/system.slice", "/c"]],
  ["of version 1, which has the controller", hybrid, ["/c/pids/docker/a", "/c/pids/docker", "/c/pids"]],
  ["of version 2 outside of what is mounted", "0::/../x\n", ["/x", "/", "/c"]],
])("the cgroups above the one of gafferd can limit it too: %s", (_, text, folders) => {
  writeFileSync(file, text);
  expect(limitingCgroups("pids", { file, mount: "/c" })).toEqual(folders);
});
