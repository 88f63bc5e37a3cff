import { constants, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { asUser, type FileUser } from "./as-user.ts";
import { regularOrClosed, toUnsuitable } from "./open-file.ts";
import { allowances, createFileCheck, explainFault, runsAsRoot } from "./file-trust.ts";
import { findUnsafePart } from "./safe-path.ts";

const flags =
  constants.O_WRONLY |
  constants.O_APPEND |
  constants.O_CREAT |
  constants.O_NOFOLLOW |
  constants.O_NONBLOCK |
  constants.O_NOCTTY;
/** Other users cannot read it: output can contain secrets. */
const fileMode = 0o640;
const folderMode = 0o750;

/**
 * Opens a regular file to append to, and returns its descriptor, which the caller closes. Creates the file and missing
 * folders. Never blocks, and refuses a path that is a link. See `withFileRights` for `user`. Throws UnsuitableFileError and
 * the errors of `node:fs`.
 */
export function openForAppend(path: string, user?: FileUser): number {
  return withFileRights(path, user, () => {
    mkdirSync(dirname(path), { recursive: true, mode: folderMode });
    let fd: number;
    try {
      fd = openSync(path, flags, fileMode);
    } catch (error) {
      throw toUnsuitable(path, error);
    }
    return regularOrClosed(path, fd);
  });
}

/**
 * Calls `action`, which changes the file `path` and must be synchronous. As root, if others can replace a part of the path,
 * `action` runs with the permissions of `user`, so that a link of theirs leads nowhere that they cannot write themselves.
 * Throws if there is no `user`, unless `allowInsecureFiles` allows it.
 */
export function withFileRights<T>(path: string, user: FileUser | undefined, action: () => T): T {
  const unsafe = runsAsRoot() ? findUnsafePart(path) : undefined;
  if (unsafe === undefined) return action();
  if (user !== undefined && user.uid !== 0) return asUser(user, action);
  if (createFileCheck() === undefined) return action();
  throw new Error(explainFault(path, unsafe, allowances.key));
}
