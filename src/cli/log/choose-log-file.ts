import { join } from "node:path";
import { log } from "../../log.ts";
import { stderr } from "../../log/outlet.ts";
import type { Options } from "../options.ts";
import { flushOutput } from "./flush.ts";
import { type LogFile, openLogFile, type Rotation } from "./log-file.ts";

/** For the default log file of a daemon, so that no logrotate is needed. */
const rotation: Rotation = { maxBytes: 10 * 1024 * 1024, keep: 5 };

/**
 * Opens the log file of `--log-file`, or `gafferd.log` in `stateDir` for a daemon. Undefined when gafferd logs to stderr.
 * Throws LogFileError.
 */
export async function chooseLogFile(
  { logFile }: Options,
  { isDaemon, stateDir }: { readonly isDaemon: boolean; readonly stateDir: string },
): Promise<LogFile | undefined> {
  if (logFile === undefined) return isDaemon ? openLogFile(join(stateDir, "gafferd.log"), rotation) : undefined;
  if (!isDaemon) stderr.write(`gafferd: logging to ${logFile}\n`);
  // Output so far goes to the original descriptors.
  await flushOutput();
  return openLogFile(logFile);
}

/** Handles SIGUSR1 and SIGUSR2, which logrotate sends after it has renamed the file. */
export function reopenLog(signal: string, logFile: LogFile | undefined): void {
  if (logFile === undefined) return log.info(`ignoring ${signal}: there is no log file to reopen; see --log-file`);
  logFile.reopen();
  log.info(`reopened the log file on ${signal}`);
}
