import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { log } from "../log.ts";

/** A pidfile that cannot be ours; the message says whose it is or what is in the way. */
export class PidfileError extends Error {
  override readonly name = "PidfileError";
}

/**
 * Writes this process's id (a line of digits) to `path` atomically, and returns the function that removes it. A stale
 * file is replaced: it is empty, contains no process id (with a warning), or its process is gone or is not gafferd.
 * Throws PidfileError.
 */
export function acquirePidfile(path: string): () => void {
  const draft = `${path}.${process.pid}`;
  try {
    writeFileSync(draft, `${process.pid}\n`, { mode: 0o644 });
    if (!linkIfAbsent(draft, path)) {
      refuseHolder(path);
      renameSync(draft, path);
    }
  } catch (error) {
    if (error instanceof PidfileError) throw error;
    throw new PidfileError(`cannot write the pidfile \`${path}\`: ${(error as Error).message}`, { cause: error });
  } finally {
    removeDraft(draft);
  }
  return () => releasePidfile(path);
}

/** On a file system that takes no writing there is none, and it says so again. */
function removeDraft(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EROFS") throw error;
  }
}

/** Leaves a file alone that another gafferd has taken over meanwhile. */
function releasePidfile(path: string): void {
  if (readIfPresent(path)?.trim() === String(process.pid)) rmSync(path, { force: true });
}

/** `link` fails where a file is, so of two that start at once one is told. */
function linkIfAbsent(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Throws a PidfileError if a gafferd holds the file, or if the file is something else than a pidfile. */
function refuseHolder(path: string): void {
  // After a power failure some file systems leave zeros.
  const text = (readIfPresent(path) ?? "").replaceAll("\0", "").trim();
  if (text === "") return;
  if (!isShortWord(text)) {
    throw new PidfileError(
      `cannot use \`${path}\` as the pidfile: it is another file, not a pidfile; remove it or name another file`,
    );
  }
  const holder = toProcessId(text);
  if (holder === undefined) {
    log.warn(`pidfile \`${path}\` contains ${JSON.stringify(text)}, which is not a process id; replacing the file`);
    return;
  }
  // In a container the number may be our own, left behind by the previous run.
  if (holder === process.pid || !isGafferd(holder)) return;
  throw new PidfileError(
    `cannot start with the pidfile \`${path}\`: gafferd is already running as process ${holder}; ` +
      `stop it first (\`kill ${holder}\`) or name another pidfile`,
  );
}

/** Anything longer could be a file of the user's, such as a configuration given as `--pidfile` by mistake. */
function isShortWord(text: string): boolean {
  return /^[-+\w., ]{1,32}$/.test(text);
}

/** The largest `pid_max` of Linux; see proc(5). */
const maxProcessId = 2 ** 22;

/** Undefined for a number that no process can have. `kill` takes 0 and negative numbers as groups. */
function toProcessId(text: string): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= maxProcessId ? number : undefined;
}

/** Whether that process lives and is a gafferd as far as can be seen: the number may long belong to another program. */
function isGafferd(osPid: number): boolean {
  try {
    process.kill(osPid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const commandLine = readIfPresent(`/proc/${osPid}/cmdline`);
  // Without /proc nothing more is known, and a live process is not to be robbed. A zombie's command line is empty.
  if (commandLine === undefined) return true;
  const words = commandLine.split("\0").map((word) => basename(word));
  return /^(bun|gafferd)/.test(words[0] ?? "") && words.some((word) => word === "gafferd" || word === "main.ts");
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
