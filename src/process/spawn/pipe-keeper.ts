import { closeSync, writeSync } from "node:fs";
import type { Logger } from "../../log.ts";
import { markerVariable } from "../stop/marker.ts";
import { trackSpawned } from "../stop/subreaper.ts";
import { openPipe } from "./pipe.ts";

/** Holds the pipes of a process that outlives gafferd. */
export interface PipeKeeper {
  /** The process is to read the end of its input. */
  closeInput(): void;
  /** The process has ended. Does nothing the second time. */
  close(): void;
}

export interface PipeKeeperOptions {
  /** The process whose pipes they are. */
  readonly osPid: number;
  /** Our ends. They stay open here, and the keeper has copies. */
  readonly outputs: readonly number[];
  readonly input: number | undefined;
  readonly log: Logger;
}

/**
 * It sleeps on a pipe until gafferd writes to it or is gone. Then it reads what the process writes and discards it, so
 * that the process neither gets SIGPIPE nor waits at a full pipe, and holds the other end of its input open.
 */
const script = `
trap '' HUP INT QUIT TERM PIPE USR1 USR2
while read -r line; do
  case $line in
    eof) exec 5>&- ;;
    *) exit 0 ;;
  esac
done
cat <&3 >/dev/null &
cat <&4 >/dev/null &
exec 3<&- 4<&-
wait
while kill -0 "$1"; do sleep 5; done
`;

/**
 * Starts the keeper: a shell of some 2 MB for each process, in a session of its own, so that no signal for gafferd's group
 * reaches it. Undefined where it cannot be started, which is logged.
 */
export function startPipeKeeper({ osPid, outputs, input, log }: PipeKeeperOptions): PipeKeeper | undefined {
  const ours: number[] = [];
  try {
    const lifeline = openPipe();
    ours.push(lifeline.writeEnd);
    const [first = "ignore", second = "ignore"] = outputs;
    try {
      const outer = process.env[markerVariable];
      const keeper = Bun.spawn({
        cmd: ["sh", "-c", script, "gafferd-pipe-keeper", String(osPid)],
        env: { PATH: process.env["PATH"] ?? "/usr/bin:/bin", ...(outer !== undefined && { [markerVariable]: outer }) },
        cwd: "/",
        stdio: [lifeline.readEnd, "ignore", "ignore", first, second, input ?? "ignore"],
        detached: true,
      });
      trackSpawned(keeper);
      keeper.unref();
    } finally {
      closeSync(lifeline.readEnd);
    }
  } catch (error) {
    for (const fd of ours.splice(0)) closeSync(fd);
    log.warn(`cannot keep the pipes of process ${osPid}, which may end if gafferd is killed: ${String(error)}`);
    return undefined;
  }
  const tell = (word: string) => {
    const [writeEnd] = ours;
    if (writeEnd === undefined) return;
    try {
      writeSync(writeEnd, `${word}\n`);
    } catch {
      // EPIPE: somebody has killed it.
    }
  };
  return {
    closeInput: () => tell("eof"),
    close() {
      tell("done");
      for (const fd of ours.splice(0)) closeSync(fd);
    },
  };
}
