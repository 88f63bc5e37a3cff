import type { DaemonOptions } from "../../daemon.ts";
import { log } from "../../log.ts";
import { ownCommand, ownEnvironment } from "./own-command.ts";
import { inBackground, readinessVariable } from "./readiness.ts";

/**
 * The variable in which the guardian counts the deaths of gafferd: the times at which one died within ten minutes, in
 * seconds since the boot. Only a gafferd that was started again has it.
 */
const deathsVariable = "GAFFERD_DEATHS";

/**
 * Logs that gafferd was started again after one was killed, if it was, and returns the command with which the guardian
 * starts the next one: the same program, arguments, environment and folder. Call it once, before any process is spawned: it
 * removes a variable from the environment.
 */
export function takeRestart({
  isDaemon,
  logFile,
}: {
  isDaemon: boolean;
  logFile: string;
}): NonNullable<DaemonOptions["restart"]> {
  const deaths = process.env[deathsVariable];
  delete process.env[deathsVariable];
  const count = deaths?.split(" ").length ?? 0;
  if (count > 0) {
    const times = count === 1 ? "" : `, ${count} times within 10 minutes`;
    log.warn(`started again after gafferd was killed or crashed${times}`);
  }
  return {
    cmd: [...ownCommand(), ...process.argv.slice(2)],
    env: {
      ...ownEnvironment(),
      ...(deaths !== undefined && { [deathsVariable]: deaths }),
      ...(isDaemon && { [readinessVariable]: inBackground }),
    },
    cwd: process.cwd(),
    logFile,
  };
}
