import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { inLaterTurn } from "../slices.ts";
import { parseSignal } from "../template/signals.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { signalGroup, signalLeaderlessGroup, signalOne, whenGroupEmpty } from "./stop/group.ts";
import { hostExitActionOf } from "./spawn/host-exit-action.ts";
import { assertLaunchable, launch, type Launched } from "./spawn/launch.ts";
import type { OutputPipe } from "./spawn/output-pipe.ts";
import { prepareUser } from "./spawn/user.ts";
import { bootTicks } from "./boot-ticks.ts";
import { hasProc } from "./proc-stat.ts";
import { type ProcessExit, toExit } from "./process-exit.ts";
import type { Stdin } from "./stdin.ts";
import type { Cgroup } from "./stop/cgroup.ts";
import { trackLeaderlessGroup } from "./stop/leaderless-groups.ts";
import { stopTarget } from "./stop/stop.ts";
import { orphansOf, EscapedProcesses } from "./stop/escaped-processes.ts";
import { describeSurvivors, identify, type Survivor, survivorsOf } from "./stop/survivors.ts";
import { PeakMemory } from "./usage/peak-memory.ts";

export { assertLaunchable, prepareUser, type ProcessExit };

const killSignal = 9;
const continueSignal = parseSignal("SIGCONT").number;

/** SIGKILL normally works at once. A process that runs after this time waits in the kernel, possibly forever. */
const killedMs = 1500;

/** The longest pause between two looks at the cgroup of a process that has exited. */
const longestPauseMs = 100;

/** Starts a process. Throws GafferdError `spawn_failed`. If its `details.transient` is true, a later attempt may succeed. */
export function spawnProcess(template: ProcessTemplate, { log, slot = 0 }: ProcessOptions): Process {
  const startedAtMs = Date.now();
  const ticksBefore = bootTicks();
  const launched = launch(template, { log, slot });
  const startTicks = bootTicks() === ticksBefore ? ticksBefore : undefined;
  // Until its exec, the child shares gafferd's memory, and the kernel counts gafferd's peak as the child's.
  const ownMaxRssBytes = process.resourceUsage().maxRSS * 1024;
  return new Process({ template, startedAtMs, startTicks, ownMaxRssBytes, log, ...launched });
}

export interface ProcessOptions {
  readonly log: Logger;
  /** The number of the process within its template (`template/slot.ts`). Default 0. */
  readonly slot?: number;
}

interface Started extends Launched, Pick<ProcessOptions, "log"> {
  readonly template: ProcessTemplate;
  readonly startedAtMs: number;
  readonly startTicks: number | undefined;
  readonly ownMaxRssBytes: number;
}

/**
 * One run of a template, from the spawn until the process and its descendants have exited. Only `spawnProcess` creates
 * instances.
 */
export class Process {
  /** The pid in the kernel. It is also the id of the session and of the process group that the process leads. */
  readonly osPid: number;
  /** Unix time. */
  readonly startedAtMs: number;
  /** The start time in `/proc/PID/stat`, as far as the clock tells it. Undefined if a tick passed during the spawn. */
  readonly startTicks: number | undefined;
  /** One per distinct label, that of stdout first. Two outputs with the same label share a pipe. */
  readonly outputs: readonly OutputPipe[];
  /** Defined only with `redirectInput`. */
  readonly stdin: Stdin | undefined;
  /** Resolves when the process itself has exited. Its children may still hold its pipes. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /**
   * Resolves when the process has exited and, unless `killMode` is `process`, all members of its process group and all
   * escaped processes have exited too. Never rejects.
   */
  readonly emptied: Promise<void>;

  /** Identifies the process and its descendants: they have it in their environment (`marker.ts`). */
  readonly marker: string;
  readonly #subprocess: Bun.Subprocess;
  readonly #template: ProcessTemplate;
  readonly #escaped: EscapedProcesses | undefined;
  readonly #cgroup: Cgroup | undefined;
  readonly #log: Logger;
  readonly #peak: PeakMemory;
  #stopping: Promise<readonly Survivor[]> | undefined;
  #leftBehind: readonly Survivor[] = [];
  /** Its process group had members when it was reaped. */
  #leftMembers = false;
  /** The signals that were last sent to stop it. */
  #stopSignals: readonly number[] = [];

  constructor(started: Started) {
    const {
      template,
      startedAtMs,
      startTicks,
      ownMaxRssBytes,
      subprocess,
      outputs,
      stdin,
      marker,
      keeper,
      cgroup,
      log,
    } = started;
    this.#template = template;
    this.#log = log;
    this.#cgroup = cgroup;
    this.#subprocess = subprocess;
    this.osPid = subprocess.pid;
    this.startedAtMs = startedAtMs;
    this.startTicks = startTicks;
    this.marker = marker;
    this.outputs = outputs;
    this.stdin = stdin;
    this.#peak = new PeakMemory(this.osPid);
    this.exited = subprocess.exited.then(() => {
      stdin?.destroy();
      this.#peak.close();
      keeper?.close();
      return toExit(subprocess, { ownMaxRssBytes, sampledMaxRssBytes: this.#peak.bytes });
    });
    if (this.#stopsDescendants && !template.detach && hasProc) {
      const leader = { osPid: this.osPid, isUnreaped: () => !this.#isReaped };
      this.#escaped = new EscapedProcesses({
        leader,
        select: (snapshot) => [...orphansOf(snapshot, { leader: leader.osPid, marker }), ...(cgroup?.osPids ?? [])],
      });
    }
    this.emptied = this.#waitUntilEmpty();
    if (template.detach) subprocess.unref();
  }

  /** The processes that were still running when it had exited by itself. */
  get leftBehind(): readonly Survivor[] {
    return this.#leftBehind;
  }

  /**
   * Sends a signal to the process or, with `group`, to its process group. Does nothing if the target has exited. Throws
   * GafferdError `forbidden` if the system does not permit it.
   */
  signal(signalNumber: number, { group = false } = {}): void {
    if (group ? this.#signalGroup(signalNumber) : this.#signalProcess(signalNumber)) return;
    throw new GafferdError(
      "forbidden",
      `cannot signal process ${this.osPid}: it runs as another user, and gafferd does not run as root`,
    );
  }

  /**
   * Sends the stop signal according to `kill_mode`, and SIGKILL after the graceful timeout. If the process has already
   * exited, this stops the processes that it left. Resolves when `emptied` does, or to the processes that SIGKILL did not
   * end. A second call returns the promise of the first.
   */
  stop(): Promise<readonly Survivor[]> {
    return (this.#stopping ??= this.#stop());
  }

  /** Sends SIGKILL at once, even during a `stop`. */
  kill(): void {
    this.#sendStop(killSignal);
  }

  async #stop(): Promise<readonly Survivor[]> {
    const { stopSignal, gracefulTimeoutMs } = this.#template;
    if (this.#isReaped) await inLaterTurn(() => this.#logLeftBehind());
    // No milder signal follows `kill`.
    const wasKilled = this.#stopSignals.includes(killSignal);
    const steps = [
      ...(wasKilled ? [] : [{ signalNumber: parseSignal(stopSignal).number, waitMs: gracefulTimeoutMs }]),
      { signalNumber: killSignal, waitMs: killedMs },
    ];
    const signal = (signalNumber: number) => {
      if (signalNumber === killSignal && gracefulTimeoutMs > 0 && !wasKilled) this.#logKill();
      this.#sendStop(signalNumber);
    };
    if (await stopTarget(steps, { signal, emptied: this.emptied })) return [];
    const survivors = this.#survivors();
    // A process that forks and exits again and again has another pid at each look.
    const left = describeSurvivors(survivors) || "processes that fork and exit too fast to be named";
    this.#log.warn(`${this.#template.name}: SIGKILL did not end ${left}; gafferd no longer waits for it`);
    return survivors;
  }

  async #waitUntilEmpty(): Promise<void> {
    await this.exited;
    if (!this.#stopsDescendants) {
      if (hostExitActionOf(this.#template) === "end") trackLeaderlessGroup(this.osPid);
      return;
    }
    const groupEmpty = whenGroupEmpty(this.osPid);
    this.#leftMembers = groupEmpty !== undefined;
    // Everything else can wait until the process that takes its place was spawned.
    await inLaterTurn(() => this.#cgroup?.remove());
    await Promise.all([groupEmpty, this.#escaped?.whenGone()]);
    // A member of the group may have escaped after the last scan for escaped processes.
    if (this.#leftMembers) await this.#escaped?.whenGone();
    await this.#whenCgroupRemoved();
  }

  /** The kernel knows what is in the cgroup, while a scan can miss a process without a session or environment of gafferd. */
  async #whenCgroupRemoved(): Promise<void> {
    for (let pauseMs = 1; this.#cgroup?.remove() === false; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
      await Bun.sleep(pauseMs);
      this.#escaped?.refresh();
    }
  }

  /** Whether the processes that it starts are stopped with it. */
  get #stopsDescendants(): boolean {
    return this.#template.killMode !== "process";
  }

  /** Sends a signal to stop the process, and SIGCONT: a suspended process receives any signal but SIGKILL only later. */
  #sendStop(signalNumber: number): void {
    this.#stopSignals = signalNumber === killSignal ? [killSignal] : [signalNumber, continueSignal];
    const toTree = this.#template.killMode === "group" || signalNumber === killSignal || this.#isReaped;
    if (this.#stopsDescendants && toTree) return this.#signalTree();
    // Find escaped processes now, while the process is still their ancestor.
    this.#escaped?.refresh();
    for (const each of this.#stopSignals) this.#signalProcess(each);
    if (this.#stopsDescendants) void this.exited.then(() => this.#signalTree());
  }

  #signalTree(): void {
    // Escaped processes first, while their parents in the group are still running.
    this.#escaped?.signal(...this.#stopSignals);
    for (const each of this.#stopSignals) this.#signalGroup(each);
    if (this.#stopSignals.includes(killSignal)) this.#cgroup?.kill();
  }

  /** Logs the processes that were left running when the process exited by itself. */
  #logLeftBehind(): void {
    if (!this.#stopsDescendants || !hasProc) return;
    try {
      this.#escaped?.refresh();
      if (!this.#leftMembers && (this.#escaped?.osPids.length ?? 0) === 0) return;
      const left = (this.#leftBehind = this.#survivors());
      if (left.length === 0) return;
      this.#log.warn(
        `${this.#template.name}: process ${this.osPid} exited and left ${describeSurvivors(left)} running; stopping it`,
      );
    } catch {
      // No file descriptor is free to read /proc. The processes are stopped in any case.
    }
  }

  #logKill(): void {
    const { name, stopSignal, gracefulTimeoutMs } = this.#template;
    const survivors = describeSurvivors(this.#survivors()) || `process ${this.osPid}`;
    this.#log.warn(
      `${name}: ${survivors} still running ${gracefulTimeoutMs / 1000} s after ${stopSignal}; sending SIGKILL`,
    );
  }

  /** The processes that are still running. Empty if they cannot be determined. */
  #survivors(): readonly Survivor[] {
    try {
      return this.#stopsDescendants ? survivorsOf(this.osPid, this.#escaped?.osPids ?? []) : identify([this.osPid]);
    } catch {
      return []; // No file descriptor is free to read /proc.
    }
  }

  /** Bun reaps a process and sets its exit status in one step. Until then, the pid belongs to this process. */
  get #isReaped(): boolean {
    return this.#subprocess.exitCode !== null || this.#subprocess.signalCode !== null;
  }

  /** Returns false if the signal is not permitted. Never signals a reaped pid, which may belong to another process. */
  #signalProcess(signalNumber: number): boolean {
    if (this.#isReaped) return true;
    // This may be the last chance to read it.
    this.#peak.update();
    return signalOne(this.osPid, signalNumber);
  }

  #signalGroup(signalNumber: number): boolean {
    if (this.#isReaped) return signalLeaderlessGroup(this.osPid, signalNumber);
    this.#peak.update();
    return signalGroup(this.osPid, signalNumber);
  }
}
