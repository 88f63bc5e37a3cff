import { accessSync, constants, realpathSync, statSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { runAs } from "./run-as.ts";
import { absent, missingDependencyOf } from "./program-fault.ts";
import { cannotSpawn } from "./spawn-error.ts";
import type { User } from "./user.ts";

export interface ExecutableSearch {
  /** The first word of the command: a path, or a name to look up in `searchPath`. */
  readonly program: string;
  /** `PATH` from the process's environment. Relative directories in it start at `cwd`. */
  readonly searchPath: string | undefined;
  /** The working directory, an absolute path. */
  readonly cwd: string;
  /** The user who executes the program. Undefined means gafferd's own user. */
  readonly user: User | undefined;
}

/** The search path if the environment has no `PATH`. */
const defaultSearchPath = "/usr/local/bin:/usr/bin:/bin";

/**
 * Returns the absolute path of a program that `user` may execute. This check gives the exact reason of a failure:
 * `Bun.spawn` reports all of them as the same error, and setpriv reports them only by its exit code. Throws GafferdError
 * `spawn_failed` with the reason and the `field` at fault, `cwd` or `cmd`.
 */
export function findExecutable(search: ExecutableSearch): string {
  const { program, cwd, searchPath = defaultSearchPath, user } = search;
  const refuse = (reason: string, field: string) =>
    cannotSpawn(`cannot start \`${program}\`: ${reason}`, { transient: false, field });

  const directory = statOf(cwd);
  if (directory === undefined) throw refuse(`its working directory ${cwd} does not exist`, "cwd");
  if (!directory.isDirectory()) throw refuse(`its working directory ${cwd} is not a directory`, "cwd");

  // The usual case, in one call.
  if (user === undefined && !program.includes("/") && !hasRelativeDirectory.test(searchPath)) {
    const path = Bun.which(program, { PATH: searchPath });
    if (path !== null && faultOf(path, search) === undefined) return path;
  }

  // Like execvp, skip files that cannot be executed. Report the first of them if no later directory has the program.
  let fault: string | undefined;
  for (const path of candidates(program, cwd, searchPath)) {
    const found = faultOf(path, search);
    if (found === undefined) return path;
    if (found !== absent) fault ??= found;
  }
  if (fault !== undefined) throw refuse(fault, "cmd");
  if (program.includes("/")) throw refuse("no such file", "cmd");
  const directories = searchPath.split(":").length;
  const where = directories === 1 ? `PATH (${searchPath})` : `the ${directories} directories of PATH`;
  throw refuse(`no such program in ${where}; install it, or use its full path`, "cmd");
}

const hasRelativeDirectory = /(^|:)(?!\/)/;

function candidates(program: string, cwd: string, searchPath: string): string[] {
  if (program.includes("/")) return [resolve(cwd, program)];
  return searchPath.split(":").map((directory) => resolve(cwd, directory, program));
}

/** Returns why the program cannot be executed, or undefined if it can. */
function faultOf(path: string, { cwd, searchPath = defaultSearchPath, user }: ExecutableSearch): string | undefined {
  const fault = faultOfFile(path, user);
  return fault ?? missingDependencyOf(path, { cwd, searchPath, faultOf: (part) => faultOfFile(part, user) });
}

/** Returns why the file itself cannot be executed, or undefined if it can. Does not check its interpreter or loader. */
function faultOfFile(path: string, user: User | undefined): string | undefined {
  const file = statOf(path);
  if (file === undefined) return absent;
  if (file.isDirectory()) return `${path} is a directory`;
  if (!file.isFile()) return `${path} is not a regular file`;
  if (!mayExecute(path, file, user)) {
    const byUser = user === undefined ? "" : ` by user ${user.uid}`;
    return `${path} is not executable${byUser} (permission denied)`;
  }
  return undefined;
}

function mayExecute(path: string, file: Stats, user: User | undefined): boolean {
  if (user === undefined) return isExecutableByDaemon(path);
  return (hasExecuteBit(file, user) && mayReach(path, user)) || isExecutableBy(path, user);
}

function isExecutableByDaemon(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether the user may search every directory above the file. */
function mayReach(path: string, user: User): boolean {
  for (let directory = dirname(realpathSync(path)); ; directory = dirname(directory)) {
    if (!hasExecuteBit(statSync(directory), user)) return false;
    if (directory === "/") return true;
  }
}

/** Applies the kernel's rule: the first class that matches decides, even if a later class would allow more. */
function hasExecuteBit({ mode, uid, gid }: Stats, user: User): boolean {
  if (user.uid === 0) return (mode & 0o111) !== 0;
  if (user.uid === uid) return (mode & 0o100) !== 0;
  if (user.gid === gid || user.groups.includes(gid)) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}

/** Runs `test -x` as the user, because access can depend on more than mode bits, for example on access control lists. */
function isExecutableBy(path: string, user: User): boolean {
  const test = Bun.which("test");
  if (test === null) return false;
  const invocation = runAs(user, test, ["test", "-x", path]);
  return Bun.spawnSync({ ...invocation, stdin: "ignore", stdout: "ignore", stderr: "ignore", cwd: "/" }).success;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EMFILE" || code === "ENFILE" || code === "ENOMEM") throw error;
    return undefined;
  }
}
