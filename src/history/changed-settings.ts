import { toDocument } from "../template/document.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** The keys of the settings that differ, such as `cmd` and `env.PORT`. Values are not part of it: they may be secrets. */
export function changedSettings(before: ProcessTemplate, after: ProcessTemplate): string[] {
  if (before === after) return [];
  const { env: envBefore, ...old } = toDocument(before);
  const { env: envAfter, ...now } = toDocument(after);
  const variables = changedKeys(envBefore, envAfter).map((name) => `env.${name}`);
  // The size of a template is not a setting of the process.
  return [...changedKeys(old, now).filter((key) => key !== "numprocesses"), ...variables];
}

function changedKeys(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].filter((key) => !Bun.deepEquals(before[key], after[key], true));
}
