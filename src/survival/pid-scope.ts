import { readFileSync, readlinkSync } from "node:fs";
import { tryRead } from "../process/proc-file.ts";

/** Within which a number and a time of start name one process. */
export interface PidScope {
  /** Of the machine: the next one begins to count anew. */
  readonly boot: string;
  /** Of process ids: each container has its own. */
  readonly namespace: string;
}

/** Undefined where the system does not tell. */
export function currentPidScope(): PidScope | undefined {
  const boot = tryRead(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
  const namespace = tryRead(() => readlinkSync("/proc/self/ns/pid"));
  return boot === undefined || namespace === undefined ? undefined : { boot, namespace };
}
