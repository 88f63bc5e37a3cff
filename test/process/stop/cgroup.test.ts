import { describe, expect, test } from "bun:test";
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "../../../src/client/client.ts";
import { Cgroup, foldersIn, killCgroup, removeCgroup } from "../../../src/process/stop/cgroup.ts";
import { messageOf } from "../../../src/reason.ts";
import { waitFor } from "../../wait-for.ts";
import { cgroupsOf, folderOf, hasCgroups, ownFolder, removalOf, withoutCgroups } from "../cgroups.ts";
import { startHosted } from "../hosted.ts";
import { lives } from "../observe.ts";

/** `GAFFERD_TEST_RESTARTS=5000` is a longer run. */
const restarts = Number(process.env["GAFFERD_TEST_RESTARTS"] ?? 200);

/** Clears its environment and starts a new session in a child, which prints its pid. */
const bare = "sh -c 'env -i setsid sh -c \"echo \\$\\$; exec sleep 600\" & exec sleep 600'";

describe.skipIf(!hasCgroups)("with a cgroup for each process (needs root and cgroup v2)", () => {
  test("a new session with a cleared environment and without a parent is gone when its template is stopped", async () => {
    await using hosted = await startHosted();
    const cmd = `sh -c '(env -i setsid sh -c "echo \\$\\$; exec sleep 600" &) ; exec sleep 600'`;
    const [left = 0] = await hosted.numbers(await hosted.create({ name: "a", cmd }), 1);
    await hosted.ask("POST", "/processes/a/_stop");
    expect(lives(left)).toBe(false);
    expect(cgroupsOf(hosted)).toEqual([]);
  });

  test("what ignores the stop signal there is killed after the grace period", async () => {
    await using hosted = await startHosted();
    const cmd = `sh -c '(env -i setsid sh -c "trap \\"\\" TERM; echo \\$\\$; exec sleep 600" &) ; exec sleep 600'`;
    const template = { name: "a", cmd, graceful_timeout: 0.2 };
    const [left = 0] = await hosted.numbers(await hosted.create(template), 1);
    await hosted.ask("DELETE", "/processes/a");
    expect(lives(left)).toBe(false);
  });

  test(
    "many restarts leave no directory, and a stop of gafferd leaves none at all",
    async () => {
      await using hosted = await startHosted();
      const file = join(hosted.stateDir, "../runs");
      const cmd = `sh -c 'echo >>${file}'`;
      await createClient(hosted.gafferd.url).create({ name: "a", cmd, restart: "always", backoff: 0, numprocesses: 4 });
      await waitFor(() => Bun.file(file).size >= restarts, `${restarts} runs`, 10_000 + 20 * restarts);
      expect(await hosted.ask("DELETE", "/processes/a")).toMatchObject({ ok: true });
      expect(cgroupsOf(hosted)).toEqual([]);
      hosted.gafferd.kill("SIGTERM");
      expect(await hosted.gafferd.exited).toBe(0);
      expect(folderOf(hosted)).toBeUndefined();
    },
    15_000 + 30 * restarts,
  );

  test("programs that cannot be executed leave no directory", async () => {
    await using hosted = await startHosted();
    const put = (name: string, text: string) => {
      const path = join(hosted.stateDir, "..", name);
      writeFileSync(path, text, { mode: 0o755 });
      return path;
    };
    const busy = put("busy", "#!/bin/sh\n");
    const writer = openSync(busy, "r+");
    const failures: [cmd: string, message: string][] = [
      // Created, and tried again later.
      [busy, "created"],
      [put("text", "no program"), "is not in an executable format"],
      [put("damaged", "\u007fELF nonsense"), "is a damaged program file"],
    ];
    const client = createClient(hosted.gafferd.url);
    for (let attempt = 0; attempt < 20; attempt++) {
      for (const [cmd, message] of failures) {
        const created = client.create({ name: "a", cmd });
        expect(await created.then(() => "created", messageOf)).toContain(message);
        await hosted.ask("DELETE", "/processes/a");
        expect(cgroupsOf(hosted)).toEqual([]);
      }
    }
    closeSync(writer);
  });

  test("the directory of a failed spawn is removed even if its child is still in it", async () => {
    const cgroup = new Cgroup(join(ownFolder ?? "", `gafferd-test-${process.pid}`));
    const { exited } = Bun.spawn({ cmd: ["sleep", "600"], cgroup: cgroup.path });
    cgroup.discard();
    await waitFor(() => !existsSync(cgroup.path), "the removal of the directory");
    await exited;
  });

  test("a process that makes cgroups of its own leaves none of them", async () => {
    await using hosted = await startHosted();
    const pid = await hosted.create({ name: "a", cmd: "sh -c 'echo $$; exec sleep 600'" });
    await hosted.numbers(pid, 1);
    const [run = ""] = cgroupsOf(hosted);
    mkdirSync(join(folderOf(hosted) ?? "", run, "inner/most"), { recursive: true });
    await hosted.ask("DELETE", "/processes/a");
    expect(cgroupsOf(hosted)).toEqual([]);
  });

  test("after a kill of gafferd, the guardian ends a new session with a cleared environment", async () => {
    await using hosted = await startHosted();
    const [left = 0] = await hosted.numbers(await hosted.create({ name: "a", cmd: bare, graceful_timeout: 0.2 }), 1);
    expect(lives(left)).toBe(true);
    process.kill(hosted.gafferd.osPid, "SIGKILL");
    await waitFor(() => !lives(left), "the end of the process");
    await removalOf(hosted);
  });

  test("the next gafferd ends it where the guardian was killed too, and keeps what has `on_host_exit = keep`", async () => {
    const folder = mkdtempSync(join(tmpdir(), "gafferd-cgroup-"));
    await using hosted = await startHosted({ folder });
    const cgroups = folderOf(hosted) ?? "";
    const template = { cmd: bare, graceful_timeout: 0.2 };
    const [left = 0] = await hosted.numbers(await hosted.create({ name: "a", ...template }), 1);
    const [kept = 0] = await hosted.numbers(await hosted.create({ name: "b", ...template, on_host_exit: "keep" }), 1);
    try {
      process.kill(await guardianOf(hosted.gafferd.osPid), "SIGKILL");
      process.kill(hosted.gafferd.osPid, "SIGKILL");
      await hosted.gafferd.exited;
      await using next = await startHosted({ folder });
      expect([lives(left), lives(kept)]).toEqual([false, true]);
      expect(next.gafferd.err()).toContain(`killing what a gafferd that was killed left: sleep (${left}, state S)`);
    } finally {
      for (const run of foldersIn(cgroups)) killCgroup(join(cgroups, run));
      await waitFor(() => removeCgroup(cgroups), "the removal of the cgroups");
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("the next gafferd with any state_dir removes the empty directories of killed ones, and no others", async () => {
    await using alive = await startHosted();
    await using withProcess = await startHosted();
    await using withoutProcess = await startHosted();
    const template = { name: "a", cmd: bare, on_host_exit: "keep" };
    const [kept = 0] = await withProcess.numbers(await withProcess.create(template), 1);
    await withoutProcess.create({ name: "a", cmd: "sleep 600", on_host_exit: "keep" });
    const [empty, inUse, populated] = [withoutProcess, alive, withProcess].map((each) => folderOf(each) ?? "");
    // A gafferd of another pid namespace cannot be checked, and may be alive.
    const foreign = (empty ?? "").replace(/gafferd-[^_]+_/, "gafferd-1_");
    mkdirSync(foreign);
    try {
      // Nothing has to be stopped, so there is no guardian that would remove them.
      for (const { gafferd } of [withProcess, withoutProcess]) {
        gafferd.kill("SIGKILL");
        await gafferd.exited;
      }
      killCgroup(empty ?? "");
      await using next = await startHosted();
      expect([empty, inUse, populated, foreign].map((path) => existsSync(path ?? ""))).toEqual([
        false,
        true,
        true,
        true,
      ]);
      expect(lives(kept)).toBe(true);
      expect(next.gafferd.err()).not.toContain("killing");
      await alive.create({ name: "a", cmd: "sleep 600" });
      expect(cgroupsOf(alive)).toHaveLength(1);
    } finally {
      killCgroup(populated ?? "");
      for (const path of [populated ?? "", foreign])
        await waitFor(() => removeCgroup(path), "the removal of the cgroups");
    }
  });

  test("a process starts without one, with a warning, if its directory cannot be created", async () => {
    await using hosted = await startHosted();
    const folder = folderOf(hosted) ?? "";
    await Bun.write(join(folder, "cgroup.max.descendants"), "0");
    const pid = await hosted.create({ name: "a", cmd: "sh -c 'echo $$; exec sleep 600'" });
    await hosted.numbers(pid, 1);
    expect(hosted.gafferd.err()).toMatch(/a: cannot create a cgroup: .*; the next process runs without one/);
  });
});

test("without cgroups, processes run and stop as well, and none is created", async () => {
  await using hosted = await startHosted({ env: withoutCgroups });
  await hosted.create({ name: "a", cmd: "sleep 600" });
  expect(folderOf(hosted)).toBeUndefined();
  expect(await hosted.ask("DELETE", "/processes/a")).toMatchObject({ ok: true });
});

test("without cgroups, a new session with a cleared environment keeps running after a kill of gafferd", async () => {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-cgroup-"));
  await using hosted = await startHosted({ env: withoutCgroups, folder });
  const guardian = await guardianOf(hosted.gafferd.osPid).catch(() => undefined);
  const [left = 0] = await hosted.numbers(await hosted.create({ name: "a", cmd: bare, graceful_timeout: 0.2 }), 1);
  try {
    hosted.gafferd.kill("SIGKILL");
    await hosted.gafferd.exited;
    await waitFor(() => guardian === undefined || !lives(guardian), "the end of the guardian");
    await using next = await startHosted({ env: withoutCgroups, folder });
    expect(lives(left)).toBe(true);
    expect(next.gafferd.err()).not.toContain(String(left));
  } finally {
    process.kill(left, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
});

/** The pid of the guardian of a gafferd. */
async function guardianOf(osPid: number): Promise<number> {
  const children = await Bun.file(`/proc/${osPid}/task/${osPid}/children`).text();
  for (const child of children.trim().split(" ")) {
    if ((await Bun.file(`/proc/${child}/cmdline`).text()).includes("gafferd-guardian")) return Number(child);
  }
  throw new Error("gafferd has no guardian");
}
