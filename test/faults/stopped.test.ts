import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { waitFor } from "../wait-for.ts";
import { type Host, startHost } from "./host.ts";

const signals = "HUP INT QUIT TERM USR1 USR2 PIPE ALRM TSTP TTIN TTOU CONT";

describe("a process that stops itself (SIGSTOP)", () => {
  test("keeps its place, and its reader waits until somebody lets it go on", async () => {
    await using host = await startHost();
    await host.client.create({
      name: "a",
      cmd: "sh -c 'echo before; kill -STOP $$; echo after; exec sleep 600'",
      redirect_output: ["out"],
    });
    await waitFor(async () => stateOf(await osPidOf(host)) === "T", "the process to stop");
    expect(await host.client.status("a")).toMatchObject({ state: "running", running: 1 });
    let text = "";
    for await (const item of host.client.tail(1)) {
      if (item.type === "output") text += item.text;
      if (text === "before\n") await host.client.signal(1, "CONT");
      if (text.endsWith("after\n")) break;
    }
    expect(text).toBe("before\nafter\n");
  });

  test("is gone when a stop has answered, within its grace", async () => {
    await using host = await startHost();
    await host.client.create({ name: "a", cmd: "sh -c 'kill -STOP $$; exec sleep 600'", graceful_timeout: 0.5 });
    const osPid = await osPidOf(host);
    await waitFor(() => stateOf(osPid) === "T", "the process to stop");
    await host.client.stop("a");
    expect(stateOf(osPid)).toBeUndefined();
  });
});

describe("a process that ignores every signal it can", () => {
  const deaf = {
    name: "a",
    cmd: `sh -c 'trap "" ${signals}; echo deaf; while :; do sleep 600; done'`,
    redirect_output: ["out"],
  };

  test("is gone when a stop has answered, children included", async () => {
    await using host = await startHost();
    await host.client.create({ ...deaf, graceful_timeout: 0.2 });
    const osPid = await deafOsPid(host);
    await host.client.stop("a");
    expect(stateOf(osPid)).toBeUndefined();
    expect(await host.client.history("a")).toMatchObject([{ term_signal: "SIGKILL" }]);
  });

  test("does not hold up gafferd for longer than its grace, and a second signal cuts that short", async () => {
    await using host = await startHost();
    await host.client.create({ ...deaf, graceful_timeout: 600 });
    const osPid = await deafOsPid(host);
    host.kill("SIGTERM");
    await waitFor(() => host.err().includes("stopping on SIGTERM"), "the first signal to be heard");
    host.kill("SIGTERM");
    expect(await host.exited).toBe(0);
    expect(stateOf(osPid)).toBeUndefined();
  });
});

async function deafOsPid(host: Host): Promise<number> {
  for await (const item of host.client.tail(1)) if (item.type === "output") break;
  return await osPidOf(host);
}

/** Of the first process. */
async function osPidOf({ client }: Host): Promise<number> {
  return await waitFor(async () => (await client.describe())[0]?.processes[0]?.os_pid, "the process");
}

/** `T` is stopped; see proc(5). Undefined when there is no such process. */
function stateOf(osPid: number): string | undefined {
  try {
    return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${osPid}/status`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
