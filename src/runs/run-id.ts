import { randomUUID } from "node:crypto";
import { GafferdError } from "../errors.ts";
import { showValue } from "../template/expectation.ts";

const maxLength = 128;

/** Like the name of a template, but it may be a number. */
export const runIdPattern = /^[A-Za-z0-9][\w.:@+-]*$/;

/** Returns the id. Throws `bad_value` if a run cannot have it. */
export function checkRunId(id: string): string {
  if (id.length <= maxLength && runIdPattern.test(id)) return id;
  const allowed = `up to ${maxLength} letters, digits and \`_ . : @ + -\`, and begin with a letter or a digit`;
  throw new GafferdError("bad_value", `the id of a run must be ${allowed}, not ${showValue(id)}`, { field: "id" });
}

export function createRunId(): string {
  return randomUUID();
}

/** The name of the process in events, logs and statistics: `run~build-42`. No template can have a `~` in its name. */
export function nameOfRun(id: string): string {
  return `run~${id}`;
}
