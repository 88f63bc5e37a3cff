import { cannotSpawn } from "./spawn-error.ts";
import type { User } from "./user.ts";

/** The options of `Bun.spawn` that select the program and its user. */
export interface Invocation {
  readonly cmd: string[];
  /** Default: the first word of `cmd`. */
  readonly argv0?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * Returns how to execute the program at `path` as `user`, or as gafferd's own user if undefined. `Bun.spawn` (1.4.5) drops
 * all supplementary groups when it changes the user. For a user with supplementary groups the command runs through setpriv,
 * which executes the program in its place, so that the pid and process group stay the same. setpriv cannot set `argv[0]`:
 * the program sees its path there. Throws GafferdError `spawn_failed` if setpriv is needed but not installed.
 */
export function runAs(user: User | undefined, path: string, argv: readonly string[]): Invocation {
  const [argv0 = path, ...args] = argv;
  const cmd = [path, ...args];
  if (user === undefined) return { cmd, argv0 };
  const { uid, gid, groups } = user;
  // macOS has no setpriv: a process gets no supplementary groups there.
  if (groups.length === 0 || process.platform === "darwin") return { cmd, argv0, uid, gid };
  const ids = [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join(",")}`];
  return { cmd: [setpriv(uid), ...ids, "--", ...cmd] };
}

/** The absolute path of setpriv, from gafferd's own PATH. The PATH of a template is not used. */
function setpriv(uid: number): string {
  const path = Bun.which("setpriv", { PATH: process.env["PATH"] ?? "" });
  if (path !== null) return path;
  throw cannotSpawn(
    `cannot run as user ${uid} with its supplementary groups: \`setpriv\` was not found; install util-linux`,
    { transient: false, field: "uid" },
  );
}
