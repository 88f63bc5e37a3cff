import { GafferdError } from "../errors.ts";

/** `conflict`: another template has the name. */
export function nameTaken(name: string): GafferdError {
  const advice = "choose another name, or PUT to replace its settings";
  return new GafferdError("conflict", `a process template \`${name}\` already exists; ${advice}`, { field: "name" });
}

/** `conflict`: the template cannot be changed any more. */
export function beingDeleted(name: string): GafferdError {
  return new GafferdError("conflict", `\`${name}\` is being deleted; wait until its processes have ended`);
}

/** `not_found`: `lastId` is the id of the newest process. */
export function noSuchProcess(id: number, lastId: number): GafferdError {
  const isPast = id >= 1 && id <= lastId;
  const reason = isPast ? `process ${id} has ended and was deleted from the history` : `there is no process ${id}`;
  return new GafferdError("not_found", reason);
}
