import { afterAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { main, startGafferd } from "../cli/running.ts";
import { waitFor } from "../wait-for.ts";
import { createFolder, source } from "./starting.ts";

const examples = join(import.meta.dir, "../../examples");

describe("the examples", () => {
  test("run by `gafferd -c gaffer.ini -p plugins/`: in order, over HTTP, restarted by SIGHUP, stopped in reverse", async () => {
    await using gafferd = await startGafferd(["-c", "gaffer.ini", "-p", "plugins/"], { cwd: examples });
    await waitFor(async () => {
      const counts = await fetch(`${gafferd.url}/_plugin/dummy/api/counts`).then((response) => response.json());
      return (counts as { spawn?: number }).spawn === 2;
    }, "the count of two spawns");
    gafferd.kill("SIGHUP");
    await waitFor(() => gafferd.err().includes("reloaded on SIGHUP"), "the answer to SIGHUP");
    gafferd.kill("SIGTERM");
    expect(await gafferd.exited).toBe(0);
    const lines = gafferd
      .err()
      .split("\n")
      .filter((line) => line.includes(" plugin "))
      .map((line) => line.replace(/^\S+ info {2}plugin /, ""));
    // Two processes may end in any order.
    expect([...lines.slice(0, 4), ...lines.slice(4, 6).toSorted(), ...lines.slice(6)]).toEqual([
      "dummy: dummy has started",
      "dummy1: dummy1 has started",
      "dummy: dummy has started",
      "dummy1: dummy1 does not need to restart",
      "dummy1: dummy has exited",
      "dummy1: echo has exited",
      "dummy1: dummy1 has stopped",
    ]);
  });
});

describe("gafferd", () => {
  const folder = createFolder();
  afterAll(() => folder[Symbol.dispose]());
  const write = (name: string, text: string) => folder.write({ [`${name}/p/plugin/index.ts`]: text });

  test("survives errors in timers and unhandled rejections of a plugin, and logs its name", async () => {
    const start = `
      const { promise, resolve } = Promise.withResolvers();
      manager.subscribe("create", () => {
        setTimeout(() => { throw new Error("in a timer"); }, 1);
        void (async () => { await Bun.sleep(1); throw new Error("unawaited"); })();
      });
    `;
    write("strays", source("strays", { start }));
    await using gafferd = await startGafferd(["-p", join(folder.path, "strays")]);
    await fetch(`${gafferd.url}/processes`, { method: "POST", body: `{"name":"x","cmd":"sleep 60","start":false}` });
    await waitFor(() => gafferd.err().includes("in a timer") && gafferd.err().includes("unawaited"), "both errors");
    const lines = gafferd.err().match(/plugin strays: unhandled error; continuing/g);
    expect(lines).toHaveLength(2);
    expect(await fetch(`${gafferd.url}/ping`).then((response) => response.text())).toBe("OK");
  });

  test.each([
    [
      "throws",
      `throw new Error("boom");`,
      /^gafferd: cannot start the plugin `p` in \S+\/p\/plugin\/index.ts: boom \(\S+:\d+:\d+\)$/m,
    ],
    [
      "causes an unhandled rejection",
      `void Promise.reject(new Error("boom")); await Bun.sleep(20);`,
      /^gafferd: cannot start: unhandled error in the plugin `p`: boom\n$/m,
    ],
  ])("does not start when a plugin %s during the start, and starts no template", async (_, start, message) => {
    write("fails", source("p", { start }));
    const mark = join(folder.path, "should-not-be");
    folder.write({ "fails.ini": `[process:x]\ncmd = touch ${mark}\npriority = 1\n` });
    const args = ["--bind=127.0.0.1:0", "-p", join(folder.path, "fails"), join(folder.path, "fails.ini")];
    const child = Bun.spawn({ cmd: [main, ...args], stderr: "pipe" });
    const err = await child.stderr.text();
    expect(await child.exited).toBe(1);
    expect(err).toMatch(message);
    if (message.source.includes("cannot start the plugin")) expect(existsSync(mark)).toBe(false);
  });

  test("refuses a missing plugin folder with status 1, except the default one", async () => {
    const nowhere = join(folder.path, "nowhere");
    const child = Bun.spawn({ cmd: [main, "--bind=127.0.0.1:0", "-p", nowhere], stderr: "pipe" });
    expect(await child.stderr.text()).toBe(
      `gafferd: cannot read the plugins in ${nowhere}: no such file or directory; ` +
        "create it, or name another folder with -p or `plugins_dir` of [gaffer]\n",
    );
    expect(await child.exited).toBe(1);
    await using gafferd = await startGafferd([], { env: { HOME: nowhere } });
    expect(gafferd.err()).toContain("listens on");
  });

  test("refuses a section for a plugin that is not installed, with status 2", async () => {
    folder.write({ "section.ini": "[plugin:memory-gaurd]\n. = 1g\n" });
    const child = Bun.spawn({ cmd: [main, "--bind=127.0.0.1:0", join(folder.path, "section.ini")], stderr: "pipe" });
    expect(await child.stderr.text()).toBe(
      `${folder.path}/section.ini:1: [plugin:memory-gaurd] is for a plugin that is not installed; did you mean \`memory-guard\`?\n` +
        "gafferd: cannot use this configuration: 1 error, nothing was started\n",
    );
    expect(await child.exited).toBe(2);
  });
});
