import { GafferdError } from "../../errors.ts";
import { messageOf } from "../../reason.ts";
import { formatFaultOf } from "./program-fault.ts";

export interface SpawnFailure {
  /** The same attempt may succeed in a moment: something has run out for now. */
  transient: boolean;
  field?: string;
  cause?: unknown;
}

/** A `spawn_failed` with `message`, a whole sentence. */
export function cannotSpawn(message: string, { transient, field, cause }: SpawnFailure): GafferdError {
  return new GafferdError("spawn_failed", message, {
    details: { transient },
    ...(field !== undefined && { field }),
    cause,
  });
}

interface Attempt {
  /** As the user wrote it. */
  readonly program: string;
  /** Absolute; absent when the attempt failed before the program was found. */
  readonly path: string | undefined;
}

/** Says in words why `attempt` failed with `error`, which came from the system or from Bun; GafferdErrors say it already. */
export function toSpawnError(error: unknown, { program, path }: Attempt): GafferdError {
  if (error instanceof GafferdError) return withTransience(error);
  const code = codeOf(error);
  const [reason, failure] = explain(code, path ?? program) ?? [messageOf(error), {}];
  return cannotSpawn(`cannot start \`${program}\`: ${reason}`, { transient: false, ...failure, cause: error });
}

function explain(code: string, path: string): [reason: string, failure: Partial<SpawnFailure>] | undefined {
  switch (code) {
    case "ENOENT":
      // What it needs was there a moment ago, when `findExecutable` looked.
      return ["something that it needs to start does not exist", { field: "cmd" }];
    case "EACCES":
      return [`${path} may not be executed (permission denied)`, { field: "cmd" }];
    case "ENOEXEC":
      return [formatFaultOf(path), { field: "cmd" }];
    case "ETXTBSY":
      return [`${path} is being written to`, { field: "cmd", transient: true }];
    case "E2BIG":
      return ["its arguments and its environment are too long together", { field: "cmd" }];
    case "ERR_INVALID_ARG_VALUE":
      return ["its command, arguments and environment must not hold a NUL byte", { field: "cmd" }];
    case "EPERM":
      return ["the system does not permit it (only root can run a process as another user)", { field: "uid" }];
    case "EAGAIN":
      return ["too many processes are running; raise the limit (`ulimit -u`, or the cgroup's)", { transient: true }];
    case "EMFILE":
    case "ENFILE":
      return ["too many files are open; raise the limit (`ulimit -n`)", { transient: true }];
    case "ENOMEM":
      return ["there is not enough memory", { transient: true }];
    default:
      return undefined;
  }
}

/** A `spawn_failed` of another part (an env file that cannot be read) says nothing of whether to try again. */
function withTransience(error: GafferdError): GafferdError {
  if (error.code !== "spawn_failed" || error.details?.["transient"] !== undefined) return error;
  const transient = explain(codeOf(error.cause), "")?.[1].transient ?? false;
  return cannotSpawn(error.message, {
    transient,
    ...(error.field !== undefined && { field: error.field }),
    cause: error.cause,
  });
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code ?? "");
}
