import { fileLimitVariable, startingFileLimit } from "../../file-limit.ts";
import { withSteadyThreads } from "../steady-threads.ts";

/** The command that starts this gafferd, without arguments, with the options of the launcher `src/gafferd.sh`. */
export function ownCommand(): string[] {
  // A compiled gafferd is its own command.
  if (Bun.main.startsWith("/$bunfs/")) return [process.execPath];
  return [process.execPath, "--no-install", "--no-env-file", "--config=/dev/null", Bun.main];
}

/** The environment for another gafferd: with the limit of open files from before Bun raised it. */
export function ownEnvironment(): Record<string, string | undefined> {
  const limit = startingFileLimit();
  return { ...withSteadyThreads(process.env), ...(limit !== undefined && { [fileLimitVariable]: String(limit) }) };
}
