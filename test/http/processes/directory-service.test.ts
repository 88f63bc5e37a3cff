import { afterAll, afterEach, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../wait-for.ts";
import { temporaryFolder } from "../listen/listening.ts";
import { createService, type Service } from "../service.ts";

const isRoot = process.geteuid?.() === 0;
const path = process.env["PATH"];
const user = "slow-user";

/** A directory service that takes 0.3 s for each answer, and knows one user. */
function addSlowService(folder: string): void {
  const script = (name: string, text: string) => {
    writeFileSync(join(folder, name), `#!/bin/sh\nsleep 0.3\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  };
  script("getent", `test "$2" = ${user} && echo ${user}:x:7001:7002::/:/bin/sh`);
  script("id", "echo 7002");
  process.env["PATH"] = `${folder}:${path}`;
}

/** Counts what the event loop does besides. */
async function countTimers(act: () => Promise<unknown>): Promise<number> {
  let timers = 0;
  const interval = setInterval(() => (timers += 1), 1);
  await act();
  clearInterval(interval);
  return timers;
}

describe.if(isRoot)("a slow directory service, whose answers are too old, does not block the event loop during", () => {
  const folder = temporaryFolder();
  const now = performance.now.bind(performance);
  let passedMs = 0;
  let service: Service;
  const clock = spyOn(performance, "now").mockImplementation(() => now() + passedMs);

  beforeAll(async () => {
    addSlowService(folder.path);
    service = createService();
    const answer = await service.ask("POST", "/processes", { name: "g:a", cmd: "sleep 60", uid: user, cwd: "/" });
    expect(answer.status).toBe(200);
  });
  afterAll(async () => {
    await service[Symbol.asyncDispose]();
    process.env["PATH"] = path;
    clock.mockRestore();
    folder[Symbol.dispose]();
  });
  afterEach(async () => {
    await service.settle();
    expect(service.manager.get("g:a").status().state).toBe("running");
  });

  const post = (route: string) => async () => expect((await service.ask("POST", route)).status).toBe(200);
  test.each<[string, () => Promise<unknown>]>([
    ["_restart", post("/processes/g:a/_restart")],
    ["_add", post("/processes/g:a/_add")],
    ["_restart of a group", post("/groups/g/_restart")],
    [
      "_start",
      async () => {
        await post("/processes/g:a/_stop")();
        await post("/processes/g:a/_start")();
      },
    ],
    [
      "_start of a group",
      async () => {
        await post("/groups/g/_stop")();
        await post("/groups/g/_start")();
      },
    ],
    [
      "a PUT",
      async () => {
        const { status } = await service.ask("PUT", "/processes/g:a", { cmd: "sleep 61", uid: user, cwd: "/" });
        expect(status).toBe(200);
      },
    ],
    [
      "the restart of a process that crashed",
      async () => {
        const [process] = service.manager.get("g:a").processes;
        process?.signal(9);
        await waitFor(() => !service.manager.runningIds().includes(process?.id ?? 0), "the crash");
        await service.settle();
      },
    ],
    [
      "the start of templates of a file",
      async () => {
        const { template } = service.manager.get("g:a");
        const planOf = (name: string) => ({ template: { ...template, name }, source: "http", isWanted: true }) as const;
        await service.manager.load(["l:a", "l:b"].map(planOf));
        expect(service.manager.get("l:b").status().running).toBe(1);
      },
    ],
  ])("%s", async (_, act) => {
    passedMs += 60_000;
    expect(await countTimers(act)).toBeGreaterThan(20);
  });
});
