import type { ProcessTemplate } from "../template/template.ts";

/** What the supervisor alone heeds. */
const ofSupervision: ReadonlySet<string> = new Set<keyof ProcessTemplate>([
  "numprocesses",
  "start",
  "priority",
  "restart",
  "successCodes",
  "flapping",
  "backoff",
  "onGiveUp",
]);

/** Whether a process of the one template is as good as one of the other. */
export function isSameRun(a: ProcessTemplate, b: ProcessTemplate): boolean {
  return Bun.deepEquals(ofProcess(a), ofProcess(b), true);
}

function ofProcess(template: ProcessTemplate): object {
  return Object.fromEntries(Object.entries(template).filter(([key]) => !ofSupervision.has(key)));
}
