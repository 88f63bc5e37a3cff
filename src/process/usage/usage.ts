import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import type { ProcessDetails, ProcessEntry, ProcessIdentity } from "./process-entry.ts";
import { tryRead, readProcText } from "../proc-file.ts";
import { userName } from "./user-name.ts";

/** Command lines are cut at this length, as in the kernel until Linux 4.2. */
const maxCommandLineBytes = 4096;
const commandLineBytes = Buffer.allocUnsafeSlow(maxCommandLineBytes);

/** A program can change its title or its user without an exec. gafferd notices such a change after this time. */
const identityCacheMs = 5000;

/** Since Linux 6.2, the size of `/proc/PID/fd` is its number of entries. This costs a quarter of reading the entries. */
const fdDirectoryHasSize = (tryRead(() => statSync("/proc/self/fd").size) ?? 0) > 0;

/**
 * Reads the details of one process. Undefined if it has exited. `known` is the identity that was last read for this pid;
 * reusing it saves a third of the time for a thousand processes. Needs `/proc`.
 */
export function readDetails(entry: ProcessEntry, known?: ProcessIdentity): ProcessDetails | undefined {
  const identity = isSame(entry, known) ? known : readIdentity(entry);
  const openFds = countFds(entry.osPid);
  if (identity === undefined) return undefined;
  if (openFds === undefined && !existsSync(`/proc/${entry.osPid}`)) return undefined;
  return { identity, openFds, ...readIo(entry.osPid) };
}

/** The number of open file descriptors. Undefined if access is denied. */
export function countFds(osPid: number, bySize = fdDirectoryHasSize): number | undefined {
  const directory = `/proc/${osPid}/fd`;
  return tryRead(() => (bySize ? statSync(directory).size : readdirSync(directory).length));
}

function isSame(entry: ProcessEntry, known: ProcessIdentity | undefined): known is ProcessIdentity {
  if (known === undefined) return false;
  const { startedAtMs, image, name, readAtMs } = known.entry;
  if (entry.startedAtMs !== startedAtMs || entry.image !== image || entry.name !== name) return false;
  return entry.readAtMs - readAtMs < identityCacheMs;
}

function readIdentity(entry: ProcessEntry): ProcessIdentity | undefined {
  const { osPid, name } = entry;
  // The directory belongs to the effective user, even if its files belong to root because the process is not dumpable.
  const uid = tryRead(() => statSync(`/proc/${osPid}`).uid);
  const commandLine = tryRead(() => readCommandLine(osPid));
  if (uid === undefined || commandLine === undefined) return undefined;
  return { username: userName(uid), commandLine: commandLine === "" ? `[${name}]` : commandLine, entry };
}

/** Arguments end with NUL. A program that has overwritten them with a title can leave many NULs at the end. */
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
