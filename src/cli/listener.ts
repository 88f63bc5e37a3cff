import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that listens on a TCP port. */
export interface ListeningProcess {
  readonly osPid: number;
  /** As `ps` shows it. */
  readonly commandLine: string;
}

/** Finds the process that listens on a TCP port of this machine. Undefined if it belongs to another user, or not on Linux. */
export function findListener(port: number): ListeningProcess | undefined {
  const sockets = new Set(["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningSockets(table, port)));
  if (sockets.size === 0) return undefined;
  for (const osPid of readOr([], () => readdirSync("/proc"))) {
    if (!/^\d+$/.test(osPid)) continue;
    const folder = `/proc/${osPid}/fd`;
    const holds = readOr([], () => readdirSync(folder)).some((fd) => {
      return sockets.has(readOr("", () => readlinkSync(`${folder}/${fd}`)));
    });
    if (holds) return { osPid: Number(osPid), commandLine: commandLineOf(osPid) };
  }
  return undefined;
}

const listening = "0A";

/** The listening sockets of the port: `socket:[4711]` for a row `0: 0100007F:1388 00000000:0000 0A …`; see proc(5). */
function listeningSockets(table: string, port: number): string[] {
  const hexPort = port.toString(16).toUpperCase().padStart(4, "0");
  return readOr("", () => readFileSync(table, "utf8"))
    .split("\n")
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => state === listening && local?.endsWith(`:${hexPort}`))
    .map((columns) => `socket:[${columns[9]}]`);
}

function commandLineOf(osPid: string): string {
  return readOr("", () => readFileSync(`/proc/${osPid}/cmdline`, "utf8"))
    .replaceAll("\0", " ")
    .trim();
}

/** Returns `otherwise` if `read` fails: a process may end meanwhile, and those of other users are not readable. */
function readOr<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
