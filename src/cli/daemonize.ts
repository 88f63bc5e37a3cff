import { closeSync } from "node:fs";
import { fileLimitVariable, startingFileLimit } from "../file-limit.ts";
import type { Failure } from "./failure.ts";
import { exitStatus } from "./exit-status.ts";
import { type Options, toArguments } from "./options.ts";
import { withSteadyThreads } from "./steady-threads.ts";
import { readinessDescriptor, type ReadinessReport, readinessVariable } from "./readiness.ts";

/**
 * Starts another gafferd in its own session, with `/` as its working directory. Returns when that gafferd listens, or with
 * the reason why it could not start. Its output goes to its log file. The paths in `options` must be absolute.
 */
export async function daemonize(options: Options): Promise<ReadinessReport> {
  const child = Bun.spawn({
    cmd: [...ownCommand(), ...toArguments(options)],
    cwd: "/",
    env: { ...withSteadyThreads(process.env), ...fileLimitForChild(), [readinessVariable]: "1" },
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const descriptor = child.stdio[readinessDescriptor];
  if (typeof descriptor !== "number") throw new Error("cannot start in daemon mode: Bun opened no pipe to it");
  const text = await readLine(descriptor);
  child.unref();
  return text === "" ? describeEnd(await child.exited) : (JSON.parse(text) as ReadinessReport);
}

/** Passes on the original limit: Bun has already raised the one of this gafferd, which starts the daemon. */
function fileLimitForChild(): Record<string, string> {
  const limit = startingFileLimit();
  return limit === undefined ? {} : { [fileLimitVariable]: String(limit) };
}

/** Reads up to a newline or the end of the file. A line may arrive in pieces. */
async function readLine(descriptor: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of Bun.file(descriptor).stream()) {
    text += decoder.decode(bytes, { stream: true });
    if (text.endsWith("\n")) break;
  }
  closeSync(descriptor);
  return text;
}

/** With the options of the launcher, `src/gafferd.sh`. A compiled gafferd is its own command. */
function ownCommand(): string[] {
  const bun = [process.execPath, "--no-install", "--no-env-file", "--config=/dev/null"];
  return Bun.main.startsWith("/$bunfs/") ? [process.execPath] : [...bun, Bun.main];
}

function describeEnd(status: number): Failure {
  return {
    status: exitStatus.couldNotStart,
    text: `gafferd: cannot start: the daemon exited with status ${status} and without a message\n`,
  };
}
