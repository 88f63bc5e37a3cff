import { expect, test } from "bun:test";
import { hasProc, procStatOf } from "../../src/process/proc-stat.ts";
import { sampleTemplate } from "./sample-template.ts";
import { startProcess } from "./start-process.ts";

test.skipIf(!hasProc)(
  "a process that was started within a clock tick has the start time that /proc shows",
  async () => {
    let known = 0;
    for (let attempt = 0; attempt < 50; attempt++) {
      const child = startProcess(sampleTemplate({ cmd: "sleep 60" }));
      if (child.startTicks !== undefined) {
        known += 1;
        expect(child.startTicks).toBe(procStatOf(child.osPid)!.startTicks);
      }
      child.kill();
      await child.emptied;
    }
    // A tick of 10 ms passes during some of the spawns.
    expect(known).toBeGreaterThan(0);
  },
);
