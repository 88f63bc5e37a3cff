import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createClient } from "../../src/client/client.ts";
import { createFolder, main } from "../cli/running.ts";
import { waitFor } from "../wait-for.ts";

const folder = createFolder();
afterAll(() => folder.remove());

test("gafferd continues when the reader of its stdout exits, and prints nothing more", async () => {
  const file = folder.write("gaffer.ini", "[process:web]\ncmd = sh -c 'while echo x; do sleep 0.01; done'\n");
  const log = join(folder.path, "stderr");
  const child = Bun.spawn([main, "--bind=127.0.0.1:0", "-vv", file], { stdout: "pipe", stderr: Bun.file(log) });
  try {
    const url = await waitFor(() => /listens on (\S+)/.exec(readFileSync(log, "utf8"))?.[1], "gafferd to listen");
    const reader = child.stdout.getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel();
    const client = createClient(url);
    const before = (await client.describe())[0]?.processes[0]?.pid;
    // Events and output that gafferd would print.
    for (let count = 0; count < 3; count++) await client.restart("web");
    expect((await client.describe())[0]?.processes[0]?.pid).toBe((before ?? 0) + 3);
    child.kill("SIGTERM");
    expect(await child.exited).toBe(0);
    expect(readFileSync(log, "utf8")).not.toMatch(/EPIPE|^\s+at /m);
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
});
