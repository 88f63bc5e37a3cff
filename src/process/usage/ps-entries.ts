import type { ProcessEntry } from "./process-entry.ts";

/** `lstart` has five words, such as `Sat Jan 31 12:00:00 2026`. The last column extends to the end of the line. */
const columns = ["pid", "ppid", "nice", "rss", "vsz", "time", "state", "lstart", "user", "command"];
const line =
  /^\s*(\d+)\s+(\d+)\s+(-?\d+)\s+(\d+)\s+(\d+)\s+([\d:.-]+)\s+(\S+)\s+(\w+ +\w+ +\d+ [\d:]+ \d+)\s+(\S+)\s+(.*)$/;
const psTimeoutMs = 5000;

/**
 * Every running process, read from `ps` on systems without `/proc` (macOS). `ps` does not report threads, descriptors or
 * I/O. Empty if there is no `ps`.
 */
export async function psEntries(): Promise<ProcessEntry[]> {
  const program = Bun.which("ps");
  if (program === null) return [];
  const ps = Bun.spawn([program, "-Aww", ...columns.flatMap((column) => ["-o", `${column}=`])], {
    // For decimal points and English month names.
    env: { ...process.env, LC_ALL: "C" },
    stdin: "ignore",
    stderr: "ignore",
    timeout: psTimeoutMs,
  });
  const text = await ps.stdout.text();
  return parsePs(text, { nowMs: Date.now(), readAtMs: performance.now() });
}

/** Parses the output of `ps`. Skips zombies and malformed lines. `nowMs` is Unix time. */
export function parsePs(text: string, { nowMs, readAtMs }: { nowMs: number; readAtMs: number }): ProcessEntry[] {
  return text.split("\n").flatMap((each): ProcessEntry[] => {
    const [, osPid, parentOsPid, nice, rss, vsz, time = "", state = "", start = "", username = "", command = ""] =
      line.exec(each) ?? [];
    if (osPid === undefined || /^[ZX]/.test(state)) return [];
    const startedAtMs = Date.parse(start);
    const commandLine = command.trimEnd();
    const [name = ""] = commandLine.split(" ", 1);
    const identity = { username, commandLine, entry: { startedAtMs, image: 0, name, readAtMs } };
    const entry = {
      ...identity.entry,
      osPid: Number(osPid),
      parentOsPid: Number(parentOsPid),
      ageMs: nowMs - startedAtMs,
      cpuMs: parseTime(time),
      nice: Number(nice),
      rssBytes: Number(rss) * 1024,
      vmsBytes: Number(vsz) * 1024,
      threads: undefined,
      details: { identity, openFds: undefined, readBytes: undefined, writtenBytes: undefined },
    };
    return [entry];
  });
}

/** `0:00.03` and `123:45.67` on macOS, `00:00:03` and `2-03:04:05` elsewhere. */
function parseTime(text: string): number {
  const [clock = "", days = "0"] = text.split("-").toReversed();
  const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return Math.round((Number(days) * 86_400 + seconds) * 1000);
}
