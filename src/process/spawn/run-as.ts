import { cannotSpawn } from "./spawn-error.ts";
import type { User } from "./user.ts";

/** What `Bun.spawn` is to be told. */
export interface Invocation {
  readonly cmd: string[];
  /** Absent: the first word of `cmd`. */
  readonly argv0?: string;
  readonly uid?: number;
  readonly gid?: number;
}

/**
 * How to execute the program at `path` as `user` (undefined: as the daemon itself). `Bun.spawn` (1.4.5) drops all
 * supplementary groups when it changes the user; who has some is changed by setpriv, which then becomes the program, so
 * that the process's number and group stay. It cannot set `argv[0]`: the program sees its path there.
 * Throws GafferdError `spawn_failed` when setpriv is needed and missing.
 */
export function runAs(user: User | undefined, path: string, argv: readonly string[]): Invocation {
  const [argv0 = path, ...args] = argv;
  const cmd = [path, ...args];
  if (user === undefined) return { cmd, argv0 };
  const { uid, gid, groups } = user;
  // macOS has no setpriv; there a process goes without supplementary groups.
  if (groups.length === 0 || process.platform === "darwin") return { cmd, argv0, uid, gid };
  const ids = [`--reuid=${uid}`, `--regid=${gid}`, `--groups=${groups.join(",")}`];
  return { cmd: [setpriv(uid), ...ids, "--", ...cmd] };
}

/** Absolute; looked up in the daemon's own PATH, never in the template's. */
function setpriv(uid: number): string {
  const path = Bun.which("setpriv", { PATH: process.env["PATH"] ?? "" });
  if (path !== null) return path;
  throw cannotSpawn(
    `cannot run as user ${uid} with its supplementary groups: there is no \`setpriv\`; install util-linux`,
    { transient: false, field: "uid" },
  );
}
