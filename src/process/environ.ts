import { readdirSync, readFileSync } from "node:fs";
import { tryRead } from "./proc-file.ts";
import { statFields } from "./proc-stat.ts";

/** From `include/linux/sched.h`: the process is ending. */
const exitingFlag = 0x4;

/**
 * The environment of a process: `A=1\0B=2\0`, from `/proc/PID/environ`. Empty if it has none or belongs to another user.
 * Undefined if it cannot be told now, because the process is ending or is just loading another program. Throws GafferdError
 * `overloaded`.
 */
export function environOf(osPid: number | string): string | undefined {
  const text = textOf(`/proc/${osPid}`);
  if (text !== "" && text !== undefined) return text;
  // If its first thread has ended, the other threads still show it.
  for (const thread of tryRead(() => readdirSync(`/proc/${osPid}/task`)) ?? []) {
    const ofThread = textOf(`/proc/${osPid}/task/${thread}`);
    if (ofThread !== "" && ofThread !== undefined) return ofThread;
  }
  const stat = tryRead(() => readFileSync(`/proc/${osPid}/stat`, "latin1"));
  if (stat === undefined) return undefined;
  const fields = statFields(stat, 49);
  if ((Number(fields[6]) & exitingFlag) !== 0) return undefined;
  const [start, end] = fields.slice(47);
  const isEmpty = start === end && end !== "0";
  return text === undefined || isEmpty ? "" : undefined;
}

/** Undefined if access is denied. */
function textOf(folder: string): string | undefined {
  return tryRead(() => {
    try {
      return readFileSync(`${folder}/environ`, "latin1");
    } catch (error) {
      // Newer kernels report a process that is ending in this way.
      if ((error as NodeJS.ErrnoException).code === "ESRCH") return "";
      throw error;
    }
  });
}
