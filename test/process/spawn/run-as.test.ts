import { expect, test } from "bun:test";
import { runAs } from "../../../src/process/spawn/run-as.ts";
import { isRoot } from "../observe.ts";

const cat = ["cat", "/proc/self/status"];

test("gafferd's own user runs the program by the name in the template", () => {
  expect(runAs(undefined, "/usr/bin/cat", cat)).toEqual({ cmd: ["/usr/bin/cat", "/proc/self/status"], argv0: "cat" });
});

test("a user without supplementary groups is set by Bun", () => {
  const invocation = runAs({ uid: 5, gid: 60, groups: [] }, "/usr/bin/cat", cat);
  expect(invocation).toEqual({ cmd: ["/usr/bin/cat", "/proc/self/status"], argv0: "cat", uid: 5, gid: 60 });
});

// Only root can start a process as another user, and only Linux has setpriv.
test.skipIf(!isRoot || process.platform !== "linux")(
  "the process has exactly the supplementary groups of its user",
  async () => {
    const spawned = Bun.spawn({ ...runAs({ uid: 5, gid: 60, groups: [4, 24] }, "/usr/bin/cat", cat), stdin: "ignore" });
    const status = await spawned.stdout.text();
    expect(status).toMatch(/^Uid:\t5\t5\t5\t5$/m);
    expect(status).toMatch(/^Gid:\t60\t60\t60\t60$/m);
    expect(status).toMatch(/^Groups:\t4 24 *$/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
    expect(status).toMatch(new RegExp(`^Pid:\\t${spawned.pid}$`, "m"));
  },
);

test.skipIf(process.platform !== "linux")("without setpriv such a user is refused, with the package to install", () => {
  const path = process.env["PATH"];
  process.env["PATH"] = "/nowhere";
  try {
    expect(() => runAs({ uid: 5, gid: 60, groups: [4] }, "/usr/bin/cat", cat)).toThrow("install util-linux");
  } finally {
    process.env["PATH"] = path;
  }
});
