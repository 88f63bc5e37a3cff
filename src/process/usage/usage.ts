import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import type { ProcessDetails, ProcessEntry, ProcessIdentity } from "./process-entry.ts";
import { tryRead, readProcText } from "../proc-file.ts";
import { userName } from "./user-name.ts";

/** So much of a command line is told, as the kernel itself held it to until Linux 4.2. */
const maxCommandLineBytes = 4096;
const commandLineBytes = Buffer.allocUnsafeSlow(maxCommandLineBytes);

/** A program may write a new title over its command line, or change its user, without an exec: that is seen so soon. */
const identityFreshMs = 5000;

/** Since Linux 6.2 the size of `/proc/PID/fd` is the number of its entries, at a quarter of the cost of reading them. */
const fdFolderHasSize = (tryRead(() => statSync("/proc/self/fd").size) ?? 0) > 0;

/**
 * What only the files of one process say; undefined when it is gone. `known` is what they said of its number before: a
 * thousand processes cost a third less when nobody asks each anew who it is. Needs `/proc`.
 */
export function readDetails(entry: ProcessEntry, known?: ProcessIdentity): ProcessDetails | undefined {
  const identity = isSame(entry, known) ? known : readIdentity(entry);
  const openFds = countFds(entry.osPid);
  if (identity === undefined) return undefined;
  if (openFds === undefined && !existsSync(`/proc/${entry.osPid}`)) return undefined;
  return { identity, openFds, ...readIo(entry.osPid) };
}

/** Undefined where it is not ours to know. */
export function countFds(osPid: number, bySize = fdFolderHasSize): number | undefined {
  const folder = `/proc/${osPid}/fd`;
  return tryRead(() => (bySize ? statSync(folder).size : readdirSync(folder).length));
}

function isSame(entry: ProcessEntry, known: ProcessIdentity | undefined): known is ProcessIdentity {
  if (known === undefined) return false;
  const { startedAtMs, image, name, readAtMs } = known.entry;
  if (entry.startedAtMs !== startedAtMs || entry.image !== image || entry.name !== name) return false;
  return entry.readAtMs - readAtMs < identityFreshMs;
}

function readIdentity(entry: ProcessEntry): ProcessIdentity | undefined {
  const { osPid, name } = entry;
  // The folder belongs to the effective user, even where its files are root's because they are to be kept secret.
  const uid = tryRead(() => statSync(`/proc/${osPid}`).uid);
  const commandLine = tryRead(() => readCommandLine(osPid));
  if (uid === undefined || commandLine === undefined) return undefined;
  return { username: userName(uid), commandLine: commandLine === "" ? `[${name}]` : commandLine, entry };
}

/** The words end in NULs; a program that has written a title over them may leave many. */
function readCommandLine(osPid: number): string {
  const fd = openSync(`/proc/${osPid}/cmdline`, "r");
  try {
    const length = readSync(fd, commandLineBytes, 0, maxCommandLineBytes, 0);
    return commandLineBytes
      .toString("utf8", 0, length)
      .replace(/[\0\s]+$/, "")
      .replaceAll("\0", " ");
  } finally {
    closeSync(fd);
  }
}

function readIo(osPid: number): Pick<ProcessDetails, "readBytes" | "writtenBytes"> {
  const io = tryRead(() => readProcText(`/proc/${osPid}/io`)) ?? "";
  const [, read, written] = /^read_bytes: (\d+)\nwrite_bytes: (\d+)$/m.exec(io) ?? [];
  return { readBytes: toNumber(read), writtenBytes: toNumber(written) };
}

function toNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
