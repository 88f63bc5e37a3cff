import { accessSync, constants, realpathSync, statSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { runAs } from "./run-as.ts";
import { absent, missingDependencyOf } from "./program-fault.ts";
import { cannotSpawn } from "./spawn-error.ts";
import type { User } from "./user.ts";

export interface ExecutableSearch {
  /** The first word of the command: a path, or a name to be looked for. */
  readonly program: string;
  /** `PATH` of the process's environment; its relative folders start at `cwd`. */
  readonly searchPath: string | undefined;
  /** Absolute. */
  readonly cwd: string;
  /** Who is to execute it; undefined: the daemon's own user. */
  readonly user: User | undefined;
}

/** Where a program is looked for when the environment has no `PATH`. */
const defaultSearchPath = "/usr/local/bin:/usr/bin:/bin";

/**
 * The absolute path of the program, which `user` may execute. What `Bun.spawn` would report in one and the same word, and
 * setpriv only by the exit code of the process, is told apart here. Throws GafferdError `spawn_failed` with the reason,
 * and the `field` at fault: `cwd` or `cmd`.
 */
export function findExecutable(search: ExecutableSearch): string {
  const { program, cwd, searchPath = defaultSearchPath } = search;
  const refuse = (reason: string, field: string) =>
    cannotSpawn(`cannot start \`${program}\`: ${reason}`, { transient: false, field });

  const folder = statOf(cwd);
  if (folder === undefined) throw refuse(`its working directory ${cwd} does not exist`, "cwd");
  if (!folder.isDirectory()) throw refuse(`its working directory ${cwd} is not a directory`, "cwd");

  // As execvp does, a file that cannot be executed is passed over; it is the reason only if nothing better follows.
  let fault: string | undefined;
  for (const path of candidates(program, cwd, searchPath)) {
    const found = faultOf(path, search);
    if (found === undefined) return path;
    if (found !== absent) fault ??= found;
  }
  if (fault !== undefined) throw refuse(fault, "cmd");
  if (program.includes("/")) throw refuse("there is no such file", "cmd");
  const folders = searchPath.split(":").length;
  const where = folders === 1 ? `the one folder of PATH, ${searchPath}` : `the ${folders} folders of PATH`;
  throw refuse(`there is no such program in ${where}; install it, or write its path`, "cmd");
}

function candidates(program: string, cwd: string, searchPath: string): string[] {
  if (program.includes("/")) return [resolve(cwd, program)];
  return searchPath.split(":").map((folder) => resolve(cwd, folder, program));
}

/** Why the program cannot be executed, or undefined if it can. */
function faultOf(path: string, { cwd, searchPath = defaultSearchPath, user }: ExecutableSearch): string | undefined {
  const fault = faultOfFile(path, user);
  return fault ?? missingDependencyOf(path, { cwd, searchPath, faultOf: (part) => faultOfFile(part, user) });
}

/** Why the file itself cannot be executed, or undefined if it can. */
function faultOfFile(path: string, user: User | undefined): string | undefined {
  const file = statOf(path);
  if (file === undefined) return absent;
  if (file.isDirectory()) return `${path} is a directory`;
  if (!file.isFile()) return `${path} is not a regular file`;
  if (!mayExecute(path, file, user)) {
    const who = user === undefined ? "" : ` by user ${user.uid}`;
    return `${path} may not be executed${who} (permission denied)`;
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

/** Whether each folder on the way to the file lets the user pass. */
function mayReach(path: string, user: User): boolean {
  for (let folder = dirname(realpathSync(path)); ; folder = dirname(folder)) {
    if (!hasExecuteBit(statSync(folder), user)) return false;
    if (folder === "/") return true;
  }
}

/** The kernel's rule: the first class that fits decides, even if a later one would allow more. */
function hasExecuteBit({ mode, uid, gid }: Stats, user: User): boolean {
  if (user.uid === 0) return (mode & 0o111) !== 0;
  if (user.uid === uid) return (mode & 0o100) !== 0;
  if (user.gid === gid || user.groups.includes(gid)) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}

/** Asks the kernel as that user, since there may be more than mode bits, such as access control lists. */
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
