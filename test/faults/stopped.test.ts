import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { waitFor } from "../wait-for.ts";
import { type Host, startHost } from "./host.ts";

const signals = "HUP INT QUIT TERM USR1 USR2 PIPE ALRM TSTP TTIN TTOU CONT";

describe("a process that stops itself (SIGSTOP)", () => {
  test("counts as running, and its reader waits until it is continued", async () => {
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

  test("has ended when a stop request returns, within the graceful timeout", async () => {
    await using host = await startHost();
    await host.client.create({ name: "a", cmd: "sh -c 'kill -STOP $$; exec sleep 600'", graceful_timeout: 0.5 });
    const osPid = await osPidOf(host);
    await waitFor(() => stateOf(osPid) === "T", "the process to stop");
    await host.client.stop("a");
    expect(stateOf(osPid)).toBeUndefined();
  });
});

describe("a process that ignores every signal it can", () => {
  const ignoring = {
    name: "a",
    cmd: `sh -c 'trap "" ${signals}; echo ignoring; while :; do sleep 600; done'`,
    redirect_output: ["out"],
  };

  test("has ended with its children when a stop request returns", async () => {
    await using host = await startHost();
    await host.client.create({ ...ignoring, graceful_timeout: 0.2 });
    const osPid = await ignoringOsPid(host);
    await host.client.stop("a");
    expect(stateOf(osPid)).toBeUndefined();
    expect(await host.client.history("a")).toMatchObject([{ term_signal: "SIGKILL" }]);
  });

  test("delays the stop of gafferd at most by the graceful timeout, and a second signal ends the wait", async () => {
    await using host = await startHost();
    await host.client.create({ ...ignoring, graceful_timeout: 600 });
    const osPid = await ignoringOsPid(host);
    host.kill("SIGTERM");
    await waitFor(() => host.err().includes("stopping on SIGTERM"), "the first signal to be handled");
    host.kill("SIGTERM");
    expect(await host.exited).toBe(0);
    expect(stateOf(osPid)).toBeUndefined();
  });
});

async function ignoringOsPid(host: Host): Promise<number> {
  for await (const item of host.client.tail(1)) if (item.type === "output") break;
  return await osPidOf(host);
}

/** The OS pid of the first process. */
async function osPidOf({ client }: Host): Promise<number> {
  return await waitFor(async () => (await client.describe())[0]?.processes[0]?.os_pid, "the process");
}

/** The process state; `T` is stopped; see proc(5). Undefined if the process does not exist. */
function stateOf(osPid: number): string | undefined {
  try {
    return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${osPid}/status`, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}
