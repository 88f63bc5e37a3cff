import { join } from "node:path";
import { log } from "../../log.ts";
import { stderr } from "../../log/outlet.ts";
import type { Options } from "../options.ts";
import { flushOutput } from "./flush.ts";
import type { Rotation } from "../../template/template.ts";
import { type LogFile, openLogFile } from "./log-file.ts";

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

/**
 * Handles SIGUSR1 and SIGUSR2, which logrotate sends after it has renamed files. `reopenOutputFiles` returns how many
 * there are.
 */
export function reopenLog(signal: string, logFile: LogFile | undefined, reopenOutputFiles: () => number): void {
  logFile?.reopen();
  const count = reopenOutputFiles();
  const outputs = count === 0 ? [] : [count === 1 ? "1 output file" : `${count} output files`];
  const reopened = [...(logFile === undefined ? [] : ["the log file"]), ...outputs];
  if (reopened.length > 0) return log.info(`reopened ${reopened.join(" and ")} on ${signal}`);
  log.info(`ignoring ${signal}: there is no log file to reopen; see --log-file`);
}
