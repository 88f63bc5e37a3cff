import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tryRead } from "../proc-file.ts";

/**
 * A directory of cgroup v2 that contains one run of a process and everything that it starts, whatever session or environment
 * that has. Never reuse the directory: once `kill` was called, the kernel kills each process that is spawned in it.
 */
export class Cgroup {
  /** An absolute path. */
  readonly path: string;
  #isRemoved = false;

  /** Creates the directory. Throws the errors of `mkdir`. */
  constructor(path: string) {
    mkdirSync(path);
    this.path = path;
  }

  /** The processes in it, without zombies. Throws GafferdError `overloaded`. */
  get osPids(): readonly number[] {
    return this.#isRemoved ? [] : processesIn(this.path);
  }

  /** Sends SIGKILL to every process in it, even to those that are just being forked. */
  kill(): void {
    if (!this.#isRemoved) killCgroup(this.path);
  }

  /** Removes the directory if it is empty. Returns false if there is a process in it. */
  remove(): boolean {
    this.#isRemoved ||= removeCgroup(this.path);
    return this.#isRemoved;
  }

  /** Removes the directory of a spawn that failed. A child that is still exiting is killed, and the removal repeated. */
  discard(): void {
    if (!this.remove()) void clearCgroup(this.path);
  }
}

const [clearAttempts, attemptMs] = [100, 10];

/**
 * Kills everything in a cgroup and removes it. Resolves when it is removed, or after a second if SIGKILL did not end a
 * process in it.
 */
export async function clearCgroup(path: string): Promise<void> {
  killCgroup(path);
  for (let attempt = 0; attempt < clearAttempts && !removeCgroup(path); attempt++) await Bun.sleep(attemptMs);
}

/** The processes in a cgroup, without zombies and without those in cgroups below it. Throws GafferdError `overloaded`. */
export function processesIn(path: string): number[] {
  const text = tryRead(() => readFileSync(join(path, "cgroup.procs"), "latin1")) ?? "";
  // 0 stands for a process of another pid namespace.
  return text.split("\n").map(Number).filter(Boolean);
}

/** Sends SIGKILL to every process in a cgroup and in those below it. */
export function killCgroup(path: string): void {
  try {
    writeFileSync(join(path, "cgroup.kill"), "1");
  } catch {
    // It was removed, or no file descriptor is free: signals to each process have been sent as well.
  }
}

/** Removes a cgroup and those below it. Returns false if there is a process in it. */
export function removeCgroup(path: string): boolean {
  if (tryRemove(path)) return true;
  // The process may have made cgroups of its own.
  try {
    if (readFileSync(join(path, "cgroup.events"), "latin1").includes("populated 1")) return false;
  } catch {
    return false; // No file descriptor is free.
  }
  for (const name of foldersIn(path)) removeCgroup(join(path, name));
  return tryRemove(path);
}

/** EBUSY and ENOTEMPTY: something is in it. The others: the kernel could not try now. */
const passing: readonly (string | undefined)[] = ["EBUSY", "ENOTEMPTY", "EINTR", "EAGAIN", "ENOMEM"];

/** The kernel removes only a cgroup that is empty. A lasting failure means that it is gone, or no longer gafferd's. */
function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
  } catch (error) {
    return !passing.includes((error as NodeJS.ErrnoException).code);
  }
  return true;
}

/** The names of the cgroups directly below a cgroup. Empty if it was removed or cannot be read. */
export function foldersIn(path: string): string[] {
  try {
    return readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}
