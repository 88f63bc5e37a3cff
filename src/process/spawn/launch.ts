import { closeSync, fchownSync } from "node:fs";
import { hasDescriptorsFor } from "../../descriptors.ts";
import type { Logger } from "../../log.ts";
import { messageOf } from "../../reason.ts";
import { adviseOnce } from "../../template/advice.ts";
import { assertSafeEnvFiles } from "../../template/env-file.ts";
import { buildEnvironment, commandOf } from "../../template/environment.ts";
import type { ProcessTemplate } from "../../template/template.ts";
import { findExecutableCached, forgetExecutable } from "./executable-cache.ts";
import type { Cgroup } from "../stop/cgroup.ts";
import { createCgroup } from "../stop/cgroup-folder.ts";
import { markerValue, markerVariable, createMarker } from "../stop/marker.ts";
import { OutputPipe } from "./output-pipe.ts";
import { hostExitActionOf } from "./host-exit-action.ts";
import { openPipe, setNonBlocking } from "./pipe.ts";
import { type PipeKeeper, type PipeKeeperOptions, startPipeKeeper } from "./pipe-keeper.ts";
import { type Invocation, runAs } from "./run-as.ts";
import { toSpawnError } from "./spawn-error.ts";
import { withinReserve } from "./process-reserve.ts";
import { spawnLimited } from "./spawn-limited.ts";
import { Stdin } from "../stdin.ts";
import { trackSpawned } from "../stop/subreaper.ts";
import { resolveUser, type User, userVariablesOf } from "./user.ts";

/** A running process and gafferd's ends of its pipes. */
export interface Launched {
  readonly subprocess: Bun.Subprocess;
  /** One per distinct label, in the order of `redirect_output`. */
  readonly outputs: readonly OutputPipe[];
  readonly stdin: Stdin | undefined;
  /** Set only for a process that keeps running when gafferd is killed. Close it when the process has exited. */
  readonly keeper: PipeKeeper | undefined;
  /** Identifies the process and its descendants: they have it in their environment (`marker.ts`). */
  readonly marker: string;
  /** Contains the process and its descendants. Undefined if they are not stopped together, or without cgroups. */
  readonly cgroup: Cgroup | undefined;
}

export interface LaunchOptions {
  readonly log: Logger;
  /** See `template/slot.ts`. */
  readonly slot: number;
}

/**
 * Starts a process of the template in a slot, as the leader of a new session and a new process group. Throws GafferdError
 * `spawn_failed` with `details.transient`. In that case no process was started and no descriptor stays open.
 */
export function launch(template: ProcessTemplate, { log, slot }: LaunchOptions): Launched {
  const prepared = prepare(template, slot, log);
  try {
    return launchWithPipes(template, prepared, log);
  } catch (error) {
    // If a file has changed since the program was found, this throws the reason.
    forgetExecutable();
    prepare(template, slot);
    throw toSpawnError(error, prepared);
  }
}

/** Throws the errors of `launch` that can be detected without starting a process. */
export function assertLaunchable(template: ProcessTemplate): void {
  prepare(template, 0);
}

interface Prepared {
  readonly user: User | undefined;
  /** The program as the template names it. */
  readonly program: string;
  /** The absolute path of the program file. */
  readonly path: string;
  readonly spawnOptions: Invocation & { readonly cwd: string; readonly env: Record<string, string> };
}

/** Resolves the user, environment and program of a template. Logs likely mistakes in the command if `log` is given. */
function prepare(template: ProcessTemplate, slot: number, log?: Logger): Prepared {
  try {
    const user = resolveUser(template);
    assertSafeEnvFiles(template.envFiles, user);
    const env = buildEnvironment(template, { userVariables: userVariablesOf(template), user, slot });
    const command = commandOf(template, env);
    const { argv, cwd } = command;
    if (log !== undefined) {
      for (const { key, message } of adviseOnce(template, command)) log.warn(`${template.name}: ${key}: ${message}`);
    }
    const program = argv[0] ?? template.cmd;
    const path = findExecutableCached({ program, searchPath: env["PATH"], cwd, user });
    return { user, program, path, spawnOptions: { ...runAs(user, path, argv), cwd, env: command.env } };
  } catch (error) {
    throw toSpawnError(error, { program: template.cmd, path: undefined });
  }
}

/** Spawns the process with the pipes of its template. The pipes belong to `user`. Closes all of them on failure. */
function launchWithPipes(template: ProcessTemplate, { user, spawnOptions }: Prepared, log: Logger): Launched {
  const parentEnds: number[] = [];
  const childEnds: number[] = [];
  try {
    if (!hasDescriptorsFor("process"))
      throw Object.assign(new Error("few file descriptors are left"), { code: "EMFILE" });
    const labels = template.detach ? [] : template.redirectOutput;
    const outputs = [...new Set(labels)].map((label) => {
      const pipe = openPipe();
      parentEnds.push(pipe.readEnd);
      childEnds.push(pipe.writeEnd);
      return { label, ...pipe };
    });
    const input = template.redirectInput && !template.detach ? openPipe() : undefined;
    if (input !== undefined) {
      parentEnds.push(input.writeEnd);
      childEnds.push(input.readEnd);
      setNonBlocking(input.writeEnd);
    }
    // A program that opens /dev/stdout or /dev/stdin opens the pipe again, with the permissions of its own user.
    if (user !== undefined) for (const fd of childEnds) fchownSync(fd, user.uid, user.gid);
    const [stdout, stderr] = labels.map((label) => outputs.find((output) => output.label === label)?.writeEnd);
    const marker = createMarker(hostExitActionOf(template));
    spawnOptions.env[markerVariable] = markerValue(marker);
    const options = {
      ...spawnOptions,
      detached: true,
      stdin: input?.readEnd ?? "ignore",
      stdout: stdout ?? "ignore",
      stderr: stderr ?? "ignore",
    } as const;
    const stopsTree = !template.detach && template.killMode !== "process";
    const { subprocess, cgroup } = spawnInside(
      stopsTree ? createCgroup(marker, { name: template.name, log }) : undefined,
      options,
      log,
    );
    trackSpawned(subprocess);
    // Close these before reading from the parent ends: Bun then needs more descriptors, and few may be left.
    closeAll(childEnds);
    const keeper = keepPipes(template, {
      osPid: subprocess.pid,
      outputs: outputs.map(({ readEnd }) => readEnd),
      input: input?.writeEnd,
      log,
    });
    return {
      subprocess,
      keeper,
      outputs: outputs.map(({ label, readEnd }) => new OutputPipe(label, readEnd, log)),
      stdin: input && new Stdin(input.writeEnd, () => keeper?.closeInput()),
      marker,
      cgroup,
    };
  } catch (error) {
    closeAll(parentEnds);
    closeAll(childEnds);
    throw error;
  }
}

/** Spawns a process in a cgroup, or without it if that fails. Removes the cgroup if it is not used. */
function spawnInside(cgroup: Cgroup | undefined, options: Parameters<typeof spawnLimited>[0], log: Logger) {
  const spawn = (inside: { cgroup?: string }) => withinReserve(() => spawnLimited({ ...options, ...inside }));
  if (cgroup === undefined) return { subprocess: spawn({}), cgroup };
  try {
    return { subprocess: spawn({ cgroup: cgroup.path }), cgroup };
  } catch (error) {
    cgroup.discard();
    // Without the cgroup, the same error is that of the program.
    const subprocess = spawn({});
    log.warn(`process ${subprocess.pid} runs without a cgroup: ${messageOf(error)}`);
    return { subprocess, cgroup: undefined };
  }
}

/** Starts a pipe keeper for a process that keeps running when gafferd exits, so that its pipes stay open. */
function keepPipes({ detach, onHostExit }: ProcessTemplate, options: PipeKeeperOptions): PipeKeeper | undefined {
  const hasPipes = options.outputs.length > 0 || options.input !== undefined;
  return onHostExit === "keep" && !detach && hasPipes ? startPipeKeeper(options) : undefined;
}

function closeAll(fds: number[]): void {
  for (const fd of fds.splice(0)) closeSync(fd);
}
