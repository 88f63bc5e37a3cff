import { closeSync } from "node:fs";
import type { Failure } from "../failure.ts";
import { exitStatus } from "../exit-status.ts";
import { type Options, toArguments } from "../options.ts";
import { ownCommand, ownEnvironment } from "./own-command.ts";
import { awaited, readinessDescriptor, type ReadinessReport, readinessVariable } from "./readiness.ts";

/**
 * Starts another gafferd in its own session, with `/` as its working directory. Returns when that gafferd listens, or with
 * the reason why it could not start. Its output goes to its log file. The paths in `options` must be absolute.
 */
export async function daemonize(options: Options): Promise<ReadinessReport> {
  const child = Bun.spawn({
    cmd: [...ownCommand(), ...toArguments(options)],
    cwd: "/",
    env: { ...ownEnvironment(), [readinessVariable]: awaited },
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "pipe"],
  });
  const descriptor = child.stdio[readinessDescriptor];
  if (typeof descriptor !== "number") throw new Error("cannot start in daemon mode: Bun opened no pipe to it");
  const text = await readLine(descriptor);
  child.unref();
  return text === "" ? describeEnd(await child.exited) : (JSON.parse(text) as ReadinessReport);
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

function describeEnd(status: number): Failure {
  return {
    status: exitStatus.couldNotStart,
    text: `gafferd: cannot start: the daemon exited with status ${status} and without a message\n`,
  };
}
