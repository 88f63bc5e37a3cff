import { type ErrorCode, GafferdError } from "../../errors.ts";
import { findHosted } from "../../manager/find-hosted.ts";
import type { Manager } from "../../manager/manager.ts";
import type { SupervisedProcess, Supervisor } from "../../manager/views.ts";

/** What `:id` of a path refers to. A value of digits only is a pid, anything else is a name. */
export type Target =
  | { readonly kind: "process"; readonly supervisor: Supervisor; readonly process: SupervisedProcess }
  | { readonly kind: "template"; readonly supervisor: Supervisor };

/**
 * Finds a template by name or a running process by pid. Throws `not_found`, `bad_value` for a number that is not an
 * integer, or `ended` (default `gone`) for a process that has exited.
 */
export function findTarget(manager: Manager, text: string, ended: ErrorCode = "gone"): Target {
  if (!isPid(text)) return { kind: "template", supervisor: findByName(manager, text) };
  const { supervisor, process } = findProcess(manager, text);
  if (process.state === "exited") {
    const { name } = supervisor.template;
    throw new GafferdError(ended, `process ${text} has exited; /processes/${name}/_history has its exit status`);
  }
  return { kind: "process", supervisor, process };
}

/** Finds a template by name. Throws `not_found`, or `bad_value` if `text` is the pid of a process. */
export function findTemplate(manager: Manager, text: string): Supervisor {
  if (!isPid(text)) return findByName(manager, text);
  const { name } = findProcess(manager, text).supervisor.template;
  throw new GafferdError(
    "bad_value",
    `this path needs the name of a template: use \`${name}\` instead of the pid ${text}`,
    {
      field: "name",
    },
  );
}

/** A process and the supervisor of its template. */
export interface FoundProcess {
  readonly supervisor: Supervisor;
  readonly process: SupervisedProcess;
}

/**
 * Finds a process by its pid, even if it has exited, or by the name of a template that has exactly one process. Throws
 * `not_found`, `gone` if the template has no process, or `conflict` if it has several.
 */
export function findOneProcess(manager: Manager, text: string): FoundProcess {
  if (isPid(text)) return findProcess(manager, text);
  const supervisor = findReadable(manager, text);
  const { processes } = supervisor;
  const running = processes.filter(({ state }) => state === "running");
  const [process, ...others] = running.length > 0 ? running : processes;
  if (process !== undefined && others.length === 0) return { supervisor, process };
  const { name } = supervisor.template;
  if (process === undefined) {
    throw new GafferdError(
      "gone",
      `\`${name}\` has no running process; start it with POST /processes/${name}/_start, or see /processes/${name}/_pids`,
    );
  }
  throw new GafferdError(
    "conflict",
    `\`${name}\` has ${others.length + 1} processes; use the pid of one of them (/processes/${name}/_pids lists them)`,
  );
}

function isPid(text: string): boolean {
  return /^\d+$/.test(text);
}

function findProcess(manager: Manager, text: string): FoundProcess {
  const id = Number(text);
  if (!Number.isSafeInteger(id)) throw new GafferdError("not_found", `there is no process ${text}`);
  return manager.findProcess(id);
}

/**
 * Finds a template by name on a path that also accepts a pid. Throws `not_found`, or `bad_value` for a number that is not
 * an integer.
 */
export function findByName(manager: Manager, name: string): Supervisor {
  try {
    return manager.get(name);
  } catch (error) {
    // A template may be named `1.5`. If there is none, a number such as `-1` or `1e3` was probably meant as a pid.
    if (!(error instanceof GafferdError && error.code === "not_found" && isNumber(name))) throw error;
    throw new GafferdError(
      "bad_value",
      `a pid must be a whole number, not \`${name}\`, and no template has that name`,
      {
        field: "pid",
        cause: error,
      },
    );
  }
}

/** Like `findByName`, but also finds a run by the name that it has in events: `run~ID`. */
export function findReadable(manager: Manager, name: string): Supervisor {
  return findHosted(manager, name) ?? findByName(manager, name);
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}
