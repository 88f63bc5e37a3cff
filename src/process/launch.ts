import { closeSync, fchownSync } from "node:fs";
import { log } from "../log.ts";
import { buildEnvironment, commandOf } from "../template/environment.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { findExecutable } from "./executable.ts";
import { OutputPipe } from "./output-pipe.ts";
import { openPipe, resizePipe, setNonBlocking } from "./pipe.ts";
import { type Invocation, runAs } from "./run-as.ts";
import { toSpawnError } from "./spawn-error.ts";
import { Stdin } from "./stdin.ts";
import { resolveUser, type User } from "./user.ts";

/** A running process with our ends of its pipes. */
export interface Launched {
  readonly subprocess: Bun.Subprocess;
  /** One a label, in the order of `redirect_output`. */
  readonly outputs: readonly OutputPipe[];
  readonly stdin: Stdin | undefined;
}

/** What a pipe of output holds, in bytes; 0: what the system gives it (64 KiB on Linux). */
const outputPipeBytes: number = 0;

/** Templates whose unknown variables were named in the log: once is enough, however often their processes start. */
const warned = new WeakSet<ProcessTemplate>();

/**
 * Starts a process of the template, as the leader of a session and a process group of its own. Throws GafferdError
 * `spawn_failed` with `details.transient`; then nothing was started and nothing is left open.
 */
export function launch(template: ProcessTemplate): Launched {
  let program = template.cmd;
  let path: string | undefined;
  try {
    const user = resolveUser(template);
    const env = buildEnvironment(template);
    const { argv, unknown } = commandOf(template, env);
    warnOfUnknown(template, unknown);
    program = argv[0] ?? program;
    path = findExecutable({ program, searchPath: env["PATH"], cwd: template.cwd, user });
    return launchWithPipes(template, { ...runAs(user, path, argv), cwd: template.cwd, env }, user);
  } catch (error) {
    throw toSpawnError(error, { program, path });
  }
}

interface SpawnOptions extends Invocation {
  readonly cwd: string;
  readonly env: Record<string, string>;
}

/** Spawns with the pipes that the template asks for. They belong to `user`; if it fails all of them are closed. */
function launchWithPipes(template: ProcessTemplate, options: SpawnOptions, user: User | undefined): Launched {
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    const labels = template.detach ? [] : template.redirectOutput;
    const outputs = [...new Set(labels)].map((label) => {
      const pipe = openPipe();
      ours.push(pipe.readEnd);
      theirs.push(pipe.writeEnd);
      if (outputPipeBytes > 0) resizePipe(pipe.writeEnd, outputPipeBytes);
      return { label, ...pipe };
    });
    const input = template.redirectInput && !template.detach ? openPipe() : undefined;
    if (input !== undefined) {
      ours.push(input.writeEnd);
      theirs.push(input.readEnd);
      setNonBlocking(input.writeEnd);
    }
    // A program that opens /dev/stdout or /dev/stdin opens the pipe anew, as the user it is by then.
    if (user !== undefined) for (const fd of theirs) fchownSync(fd, user.uid, user.gid);
    const [stdout, stderr] = labels.map((label) => outputs.find((output) => output.label === label)?.writeEnd);
    const subprocess = Bun.spawn({
      ...options,
      detached: true,
      stdin: input?.readEnd ?? "ignore",
      stdout: stdout ?? "ignore",
      stderr: stderr ?? "ignore",
    });
    // Before ours are read: Bun then needs descriptors of its own, which may be scarce.
    closeAll(theirs);
    return {
      subprocess,
      outputs: outputs.map(({ label, readEnd }) => new OutputPipe(label, readEnd)),
      stdin: input && new Stdin(input.writeEnd),
    };
  } catch (error) {
    closeAll(ours);
    closeAll(theirs);
    throw error;
  }
}

function closeAll(fds: number[]): void {
  for (const fd of fds.splice(0)) closeSync(fd);
}

function warnOfUnknown(template: ProcessTemplate, unknown: readonly string[]): void {
  if (unknown.length === 0 || warned.has(template)) return;
  warned.add(template);
  const names = unknown.map((name) => `$${name}`).join(", ");
  log.warn(`${template.name}: ${names} in its command is not set, and stays as it is written`);
}
