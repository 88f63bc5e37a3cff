import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { waitFor } from "../../wait-for.ts";
import { createFolder, type RunningGafferd, startGafferd } from "../running.ts";

const folder = createFolder();
let gafferd: RunningGafferd;

beforeAll(async () => {
  gafferd = await startGafferd([folder.write("g.ini", "[process:a]\ncmd = sleep 60\n")]);
  // The last signal that gafferd installs a handler for, after it listens.
  await waitFor(() => Boolean(caughtSignals(gafferd.osPid) >> 63n), "handlers of all signals");
});
afterAll(async () => {
  await gafferd[Symbol.asyncDispose]();
  folder.remove();
});

describe.skipIf(process.platform !== "linux")("a signal without a meaning for gafferd", () => {
  test.each([
    ["ALRM", "SIGALRM"],
    ["VTALRM", "SIGVTALRM"],
    ["PROF", "SIGPROF"],
    ["IO", "SIGIO"],
    ["XCPU", "SIGXCPU"],
    ["XFSZ", "SIGXFSZ"],
    ["WINCH", "SIGWINCH"],
    ["STKFLT", "SIGSTKFLT"],
    ["PWR", "SIGPWR"],
    ["RTMIN", "SIGRTMIN"],
    ["RTMIN+3", "SIGRTMIN+3"],
    ["RTMAX-14", "SIGRTMAX-14"],
    ["RTMAX", "SIGRTMAX"],
  ])("is ignored with a warning: %s", async (sent, shown) => {
    const before = gafferd.err().length;
    await send(sent);
    await waitFor(
      () => gafferd.err().slice(before).includes(`warn  ignoring ${shown}: gafferd stops on SIGTERM`),
      "the warning",
    );
    expect(await (await fetch(`${gafferd.url}/ping`)).text()).toBe("OK");
  });

  test.each(["PIPE", "URG", "CHLD", "CONT"])("does nothing: %s", async (signal) => {
    await send(signal);
    expect(await (await fetch(`${gafferd.url}/ping`)).text()).toBe("OK");
  });

  test("has its default action in processes", async () => {
    const answer = await fetch(`${gafferd.url}/processes?detail=true`);
    const [template] = (await answer.json()) as { processes: { os_pid: number }[] }[];
    const status = readFileSync(join("/proc", String(template?.processes[0]?.os_pid), "status"), "utf8");
    for (const mask of ["SigIgn", "SigCgt", "SigBlk"]) expect(status).toMatch(new RegExp(`^${mask}:\\s+0+$`, "m"));
  });
});

/** Uses bash's `kill`, which knows the names of real-time signals. */
async function send(signal: string): Promise<void> {
  expect(await Bun.spawn(["bash", "-c", `kill -s ${signal} ${gafferd.osPid}`]).exited).toBe(0);
}

/** Bit 0 is signal 1. */
function caughtSignals(osPid: number): bigint {
  const [, mask = "0"] = /^SigCgt:\s+(\w+)$/m.exec(readFileSync(`/proc/${osPid}/status`, "utf8")) ?? [];
  return BigInt(`0x${mask}`);
}
