import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";

/** A pidfile that cannot be ours; the message says whose it is or what is in the way. */
export class PidfileError extends Error {
  override readonly name = "PidfileError";
}

/**
 * Writes this process's id (a line of digits) to `path`, whole or not at all, and returns what takes it away again. A
 * stale file is replaced: one that is empty, or whose process is gone or is no gafferd. Throws PidfileError.
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

function refuseHolder(path: string): void {
  const text = readIfPresent(path)?.trim() ?? "";
  if (text === "") return;
  if (!/^\d{1,10}$/.test(text)) {
    throw new PidfileError(
      `cannot use \`${path}\` as the pidfile: it holds something else than a process id; remove it or name another file`,
    );
  }
  const holder = Number(text);
  // In a container the number may be our own, left behind by the run before.
  if (holder === process.pid || !isGafferd(holder)) return;
  throw new PidfileError(
    `cannot start with the pidfile \`${path}\`: gafferd runs already as process ${holder}; ` +
      `stop it first (\`kill ${holder}\`) or name another pidfile`,
  );
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
