import { closeSync, writeSync } from "node:fs";
import type { Logger } from "../../log.ts";
import { markerVariable } from "../stop/marker.ts";
import { trackSpawned } from "../stop/subreaper.ts";
import { openPipe } from "./pipe.ts";

/** Keeps the pipes of a process open after gafferd has exited. */
export interface PipeKeeper {
  /** Closes the keeper's copy of the process's stdin, so that the process reads end of file. */
  closeInput(): void;
  /** Ends the keeper. Call it when the process has exited. Further calls have no effect. */
  close(): void;
}

export interface PipeKeeperOptions {
  /** The process that the pipes belong to. */
  readonly osPid: number;
  /** gafferd's ends of the pipes. They stay open in gafferd; the keeper gets copies. */
  readonly outputs: readonly number[];
  readonly input: number | undefined;
  readonly log: Logger;
}

/**
 * Waits for commands on a pipe from gafferd. When gafferd has exited without `done`, it reads and discards the output of
 * the process, so that the process neither gets SIGPIPE nor blocks on a full pipe, and keeps its stdin open.
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
 * Starts the keeper: a shell of about 2 MB for each process. It runs in its own session, so that signals to gafferd's
 * process group do not reach it. Logs a warning and returns undefined if it cannot start.
 */
export function startPipeKeeper({ osPid, outputs, input, log }: PipeKeeperOptions): PipeKeeper | undefined {
  const parentEnds: number[] = [];
  try {
    const lifeline = openPipe();
    parentEnds.push(lifeline.writeEnd);
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
    for (const fd of parentEnds.splice(0)) closeSync(fd);
    const effect = "if gafferd is killed, the process may get SIGPIPE";
    log.warn(`cannot start the pipe keeper of process ${osPid}: ${String(error)}; ${effect}`);
    return undefined;
  }
  const send = (word: string) => {
    const [writeEnd] = parentEnds;
    if (writeEnd === undefined) return;
    try {
      writeSync(writeEnd, `${word}\n`);
    } catch {
      // EPIPE: the keeper was killed.
    }
  };
  return {
    closeInput: () => send("eof"),
    close() {
      send("done");
      for (const fd of parentEnds.splice(0)) closeSync(fd);
    },
  };
}
