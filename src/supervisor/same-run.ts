import type { ProcessTemplate } from "../template/template.ts";

/** The settings that only the supervisor uses. */
const supervisorKeys: ReadonlySet<string> = new Set<keyof ProcessTemplate>([
  "numprocesses",
  "start",
  "persist",
  "priority",
  "restart",
  "successCodes",
  "flapping",
  "backoff",
  "onGiveUp",
  "outputKeep",
  "owner",
  "leaseMs",
  "onLeaseEnd",
]);

/** Whether both templates run the same process: they differ at most in settings of the supervisor. */
export function isSameRun(a: ProcessTemplate, b: ProcessTemplate): boolean {
  return Bun.deepEquals(processSettings(a), processSettings(b), true);
}

function processSettings(template: ProcessTemplate): object {
  return Object.fromEntries(Object.entries(template).filter(([key]) => !supervisorKeys.has(key)));
}
