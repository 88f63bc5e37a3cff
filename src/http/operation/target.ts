import { type ErrorCode, GafferdError } from "../../errors.ts";
import type { Manager } from "../../manager/manager.ts";
import type { SupervisedProcess, Supervisor } from "../../manager/views.ts";

/** What `:id` of a path means: digits alone are a pid, everything else is a name. */
export type Target =
  | { readonly kind: "process"; readonly supervisor: Supervisor; readonly process: SupervisedProcess }
  | { readonly kind: "template"; readonly supervisor: Supervisor };

/**
 * The template, or the process that runs, which `text` names. Throws `not_found`, `bad_value` for a number that is not
 * whole, or `ended` (default `gone`) for a process that has ended.
 */
export function findTarget(manager: Manager, text: string, ended: ErrorCode = "gone"): Target {
  if (!isPid(text)) return { kind: "template", supervisor: findByName(manager, text) };
  const { supervisor, process } = findProcess(manager, text);
  if (process.state === "exited") {
    const { name } = supervisor.template;
    throw new GafferdError(ended, `process ${text} has ended; /processes/${name}/_history says how`);
  }
  return { kind: "process", supervisor, process };
}

/** The template that `text` names. Throws `not_found`, or `bad_value` for the pid of a process. */
export function findTemplate(manager: Manager, text: string): Supervisor {
  if (!isPid(text)) return findByName(manager, text);
  const { name } = findProcess(manager, text).supervisor.template;
  throw new GafferdError("bad_value", `this acts on a template: give its name, \`${name}\`, not the pid ${text}`, {
    field: "name",
  });
}

/** A process, and the supervisor of its template. */
export interface FoundProcess {
  readonly supervisor: Supervisor;
  readonly process: SupervisedProcess;
}

/**
 * The process that `text` names: by its pid, though it may have ended, or by the name of a template that has one process.
 * Throws `not_found`, `gone` for a template without a process, `conflict` for one with several.
 */
export function findOneProcess(manager: Manager, text: string): FoundProcess {
  if (isPid(text)) return findProcess(manager, text);
  const supervisor = findByName(manager, text);
  const { processes } = supervisor;
  const running = processes.filter(({ state }) => state === "running");
  const [process, ...others] = running.length > 0 ? running : processes;
  if (process !== undefined && others.length === 0) return { supervisor, process };
  const { name } = supervisor.template;
  if (process === undefined) {
    throw new GafferdError(
      "gone",
      `\`${name}\` has no process now; POST /processes/${name}/_start starts it, and /processes/${name}/_pids lists its pids`,
    );
  }
  throw new GafferdError(
    "conflict",
    `\`${name}\` has ${others.length + 1} processes; give the pid of one, as /processes/${name}/_pids lists them`,
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
 * The template of this name, where a pid could be meant too. Throws `not_found`, or `bad_value` for a number that is not
 * whole.
 */
export function findByName(manager: Manager, name: string): Supervisor {
  try {
    return manager.get(name);
  } catch (error) {
    // `1.5` may be a name, but `-1` and `1e3` are more likely meant for a pid when nothing is called so.
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

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}
