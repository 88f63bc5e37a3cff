import { readFileSync, readlinkSync } from "node:fs";
import { tryRead } from "../process/proc-file.ts";

/** The scope in which a pid and a start time identify one process. */
export interface PidScope {
  /** The boot id of the machine. Start times count from the boot. */
  readonly boot: string;
  /** The pid namespace. Each container has its own. */
  readonly namespace: string;
}

/** The scope of gafferd itself. Undefined if the system does not provide it. */
export function currentPidScope(): PidScope | undefined {
  const boot = tryRead(() => readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim());
  const namespace = tryRead(() => readlinkSync("/proc/self/ns/pid"));
  return boot === undefined || namespace === undefined ? undefined : { boot, namespace };
}
