import { expect, test } from "bun:test";
import { join } from "node:path";
import { libc } from "../../src/process/libc.ts";
import { hasProc, procStatOf } from "../../src/process/proc-stat.ts";
import { waitFor } from "../wait-for.ts";
import { childrenOf } from "./observe.ts";

const firstThreadEnds = join(import.meta.dir, "../fixtures/first-thread-ends.py");
const { hasEnded, isZombie } = libc();

test.skipIf(!hasProc)(
  "a zombie has ended, whoever its parent is; a running process and a free pid have not",
  async () => {
    // The child stays a zombie, because its parent is a `sleep` by then, which does not wait for it.
    const parent = Bun.spawn(["sh", "-c", "true & exec sleep 60"]);
    const zombie = await waitFor(
      () => childrenOf(parent.pid).find((osPid) => procStatOf(osPid)?.state === "Z"),
      "the zombie",
    );
    expect([zombie, parent.pid, process.pid].map((osPid) => hasEnded?.(osPid))).toEqual([true, false, false]);
    // Only a child can be asked this way.
    expect(isZombie?.(zombie)).toBe(false);
    parent.kill("SIGKILL");
    await parent.exited;
    expect(hasEnded?.(parent.pid)).toBe(false);
  },
);

test.skipIf(!hasProc)("a process whose first thread has ended before the others has not ended", async () => {
  const program = Bun.spawn(["python3", firstThreadEnds], { stdout: "pipe" });
  const { value } = await program.stdout.getReader().read();
  const osPid = Number(new TextDecoder().decode(value));
  await waitFor(() => procStatOf(osPid)?.state === "Z", "the end of its first thread");
  expect(hasEnded?.(osPid)).toBe(false);
  process.kill(osPid, "SIGKILL");
  await waitFor(() => hasEnded?.(osPid) === true || procStatOf(osPid) === undefined, "its end");
  program.kill("SIGKILL");
  await program.exited;
});
