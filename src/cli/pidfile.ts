import { randomUUID } from "node:crypto";
import { linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { readFileText } from "../files/open-file.ts";
import { log } from "../log.ts";

/** More than the longest command line of Linux. */
const maxReadBytes = 4 * 1024 * 1024;

/** The pidfile cannot be used. The message names the process that uses it, or the reason. */
export class PidfileError extends Error {
  override readonly name = "PidfileError";
}

/**
 * Writes this process's id (a line of digits) to `path` atomically, and returns the function that removes it. A stale
 * file is replaced: it is empty, contains no process id (with a warning), or its process is gone or is not gafferd.
 * Throws PidfileError.
 */
export function acquirePidfile(path: string): () => void {
  const draft = `${path}.${randomUUID()}`;
  try {
    // `wx` neither follows a link nor opens a FIFO that somebody has put in its place.
    writeFileSync(draft, `${process.pid}\n`, { mode: 0o644, flag: "wx" });
    if (!linkIfAbsent(draft, path)) {
      assertReplaceable(path);
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

/** On a read-only file system there is no draft, and removing it fails too. */
function removeDraft(draft: string): void {
  try {
    rmSync(draft, { force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EROFS") throw error;
  }
}

/** Removes the pidfile unless another gafferd has replaced it. */
function releasePidfile(path: string): void {
  if (readIfPresent(path)?.trim() === String(process.pid)) rmSync(path, { force: true });
}

/** `link` fails if the file exists, so of two gafferds that start at the same time only one succeeds. */
function linkIfAbsent(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Throws a PidfileError if a running gafferd uses the file, or if it is not a pidfile. */
function assertReplaceable(path: string): void {
  // Some file systems leave NUL bytes after a power failure.
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
  // In a container, the previous run may have had the same number as this process.
  if (holder === process.pid || !isGafferd(holder)) return;
  throw new PidfileError(
    `cannot start with the pidfile \`${path}\`: gafferd is already running as process ${holder}; ` +
      `stop it first (\`kill ${holder}\`) or name another pidfile`,
  );
}

/** Longer text may be another file, such as a configuration file that was given to `--pidfile` by mistake. */
function isShortWord(text: string): boolean {
  return /^[-+\w., ]{1,32}$/.test(text);
}

/** The largest `pid_max` of Linux; see proc(5). */
const maxProcessId = 2 ** 22;

/** Undefined for a number that no process can have. `kill` treats 0 and negative numbers as groups. */
function toProcessId(text: string): number | undefined {
  const number = /^\d{1,10}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= maxProcessId ? number : undefined;
}

/** Whether the process runs and looks like gafferd. The kernel may have given its number to another program. */
function isGafferd(osPid: number): boolean {
  try {
    process.kill(osPid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const commandLine = readIfPresent(`/proc/${osPid}/cmdline`);
  // Without /proc, assume that a running process is gafferd. A zombie has an empty command line.
  if (commandLine === undefined) return true;
  const words = commandLine.split("\0").map((word) => basename(word));
  return /^(bun|gafferd)/.test(words[0] ?? "") && words.some((word) => word === "gafferd" || word === "main.ts");
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileText(path, { maxBytes: maxReadBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
