import { GafferdError } from "../../errors.ts";
import { messageOf } from "../../reason.ts";
import { formatFaultOf } from "./program-fault.ts";

export interface SpawnFailure {
  /** The same attempt may succeed later, because a resource is exhausted for now. */
  transient: boolean;
  field?: string;
  cause?: unknown;
}

/** Creates a GafferdError `spawn_failed`. `message` is a complete message. */
export function cannotSpawn(message: string, { transient, field, cause }: SpawnFailure): GafferdError {
  return new GafferdError("spawn_failed", message, {
    details: { transient },
    ...(field !== undefined && { field }),
    cause,
  });
}

interface Attempt {
  /** The program as the user wrote it. */
  readonly program: string;
  /** The absolute path. Undefined if the attempt failed before the program was found. */
  readonly path: string | undefined;
}

/** Converts an error of the system or of Bun to a `spawn_failed` that explains it. Keeps the message of a GafferdError. */
export function toSpawnError(error: unknown, { program, path }: Attempt): GafferdError {
  if (error instanceof GafferdError) return withTransience(error);
  const code = codeOf(error);
  const [reason, failure] = explain(code, path ?? program) ?? [messageOf(error), {}];
  return cannotSpawn(`cannot start \`${program}\`: ${reason}`, { transient: false, ...failure, cause: error });
}

function explain(code: string, path: string): [reason: string, failure: Partial<SpawnFailure>] | undefined {
  switch (code) {
    case "ENOENT":
      // `findExecutable` found the program and its dependencies, so one of them was removed since.
      return ["a file that it needs to start does not exist", { field: "cmd" }];
    case "EACCES":
      return [`${path} is not executable (permission denied)`, { field: "cmd" }];
    case "ENOEXEC":
      return [formatFaultOf(path), { field: "cmd" }];
    case "ETXTBSY":
      return [`${path} is being written to`, { field: "cmd", transient: true }];
    case "E2BIG":
      return ["its arguments and environment together are too long", { field: "cmd" }];
    case "ERR_INVALID_ARG_VALUE":
      return ["its command, arguments and environment must not contain a NUL byte", { field: "cmd" }];
    case "EPERM":
      return ["permission denied (only root can run a process as another user)", { field: "uid" }];
    case "EAGAIN":
      return [
        "too many processes are running; raise the limit (`ulimit -u`, or the cgroup's), of which gafferd keeps the last few for itself",
        { transient: true },
      ];
    case "EMFILE":
    case "ENFILE":
      return ["too many files are open; raise the limit (`ulimit -n`)", { transient: true }];
    case "ENOMEM":
      return ["not enough memory", { transient: true }];
    default:
      return undefined;
  }
}

/** Adds `details.transient` to a `spawn_failed` that lacks it, such as that of an unreadable env file. */
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
