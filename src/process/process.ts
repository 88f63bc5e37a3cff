import type { ExitStatus } from "./exit-status.ts";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { parseSignal } from "../template/signals.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { hasGroupMembers, signalGroup, signalLeaderlessGroup, signalOne, whenGroupEmpty } from "./stop/group.ts";
import { hostExitActionOf } from "./spawn/host-exit-action.ts";
import { assertLaunchable, launch, type Launched } from "./spawn/launch.ts";
import type { OutputPipe } from "./spawn/output-pipe.ts";
import { hasProc } from "./proc-stat.ts";
import type { Stdin } from "./stdin.ts";
import { trackLeaderlessGroup } from "./stop/leaderless-groups.ts";
import { stopTarget } from "./stop/stop.ts";
import { orphansOf, EscapedProcesses } from "./stop/escaped-processes.ts";
import { describeSurvivors, identify, type Survivor, survivorsOf } from "./stop/survivors.ts";
import { PeakMemory } from "./usage/peak-memory.ts";

export { assertLaunchable };

/** How a process ended, and what it took. */
export interface ProcessExit {
  readonly status: ExitStatus;
  /** Unix time. */
  readonly exitedAtMs: number;
  /** The same moment on the clock of `performance.now()`. */
  readonly exitedSteadyMs: number;
  /** User and system time, of children that it waited for too. */
  readonly cpuMs: number;
  /** The peak of its memory, as far as gafferd saw it (`usage/peak-memory.ts`). Absent when it ended before it was looked at. */
  readonly maxRssBytes?: number;
}

const killSignal = 9;
const continueSignal = parseSignal("SIGCONT").number;

/** The kernel ends at once what it can end. What lives after so long waits for something that may never come. */
const killedMs = 1500;

/** The kernel counts pages for each CPU and adds them up now and then, so that two figures of one peak differ a little. */
const maxRssSlackBytes = 1024 * 1024;

/** Starts a process. Throws GafferdError `spawn_failed`, with `details.transient`: whether to try again may help. */
export function spawnProcess(template: ProcessTemplate, { log, slot = 0 }: ProcessOptions): Process {
  const startedAtMs = Date.now();
  const launched = launch(template, { log, slot });
  // Until its exec the child shares our memory, and the kernel counts our peak of that time as the child's.
  const ownMaxRssBytes = process.resourceUsage().maxRSS * 1024;
  return new Process({ template, startedAtMs, ownMaxRssBytes, log, ...launched });
}

export interface ProcessOptions {
  readonly log: Logger;
  /** What the process is told as its number among those of its template (`template/slot.ts`). Default 0. */
  readonly slot?: number;
}

interface Started extends Launched, Pick<ProcessOptions, "log"> {
  readonly template: ProcessTemplate;
  readonly startedAtMs: number;
  readonly ownMaxRssBytes: number;
}

/** One run of a template, from its spawn until nothing is left of it. Only `spawnProcess` makes one. */
export class Process {
  /** The kernel's id; also that of the session and the process group that it leads. */
  readonly osPid: number;
  /** Unix time. */
  readonly startedAtMs: number;
  /** One for each distinct label, stdout's first; the same label twice is one pipe, in the order of arrival. */
  readonly outputs: readonly OutputPipe[];
  /** Only with `redirectInput`. */
  readonly stdin: Stdin | undefined;
  /** Resolves when the process itself is gone, though children of it may hold its pipes. Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /**
   * Resolves when it has exited and, unless `killMode` is `process`, nothing lives any more of its group and of what left
   * that. Never rejects.
   */
  readonly emptied: Promise<void>;

  /** What it and all that it starts carry in their environment (`marker.ts`). */
  readonly marker: string;
  readonly #subprocess: Bun.Subprocess;
  readonly #template: ProcessTemplate;
  readonly #escaped: EscapedProcesses | undefined;
  readonly #log: Logger;
  readonly #peak: PeakMemory;
  #stopping: Promise<readonly Survivor[]> | undefined;
  /** What ends it: the signals that were sent last. */
  #ending: readonly number[] = [];

  constructor({ template, startedAtMs, ownMaxRssBytes, subprocess, outputs, stdin, marker, keeper, log }: Started) {
    this.#template = template;
    this.#log = log;
    this.#subprocess = subprocess;
    this.osPid = subprocess.pid;
    this.startedAtMs = startedAtMs;
    this.marker = marker;
    this.outputs = outputs;
    this.stdin = stdin;
    this.#peak = new PeakMemory(this.osPid);
    this.exited = subprocess.exited.then(() => {
      stdin?.abandon();
      this.#peak.close();
      keeper?.close();
      return exitOf(subprocess, { ownMaxRssBytes, seenMaxRssBytes: this.#peak.bytes });
    });
    if (this.#hasTree && !template.detach && hasProc) {
      const leader = { osPid: this.osPid, isThere: () => !this.#isReaped };
      this.#escaped = new EscapedProcesses({
        leader,
        claim: (snapshot) => orphansOf(snapshot, { leader: leader.osPid, marker }),
      });
    }
    this.emptied = this.#empty();
    if (template.detach) subprocess.unref();
  }

  /**
   * Sends a signal to the process itself or, with `group`, to its process group, as long as something of it is left.
   * Throws GafferdError `forbidden` when the system does not permit it.
   */
  signal(signalNumber: number, { group = false } = {}): void {
    if (group ? this.#sendToGroup(signalNumber) : this.#sendToOne(signalNumber)) return;
    throw new GafferdError(
      "forbidden",
      `cannot signal process ${this.osPid}: it runs as another user, and gafferd does not run as root`,
    );
  }

  /**
   * Sends the stop signal as `kill_mode` says, SIGKILL after the graceful timeout, and resolves when `emptied` does, or
   * to what lives on all the same. If the process has exited by itself, what it left behind is stopped the same way. A
   * second call joins the first.
   */
  stop(): Promise<readonly Survivor[]> {
    return (this.#stopping ??= this.#stop());
  }

  /** Sends SIGKILL at once, also while a `stop` waits. */
  kill(): void {
    this.#end(killSignal);
  }

  async #stop(): Promise<readonly Survivor[]> {
    const { stopSignal, gracefulTimeoutMs } = this.#template;
    if (this.#isReaped) this.#reportLeft();
    const steps = [
      { signalNumber: parseSignal(stopSignal).number, waitMs: gracefulTimeoutMs },
      { signalNumber: killSignal, waitMs: killedMs },
    ];
    const signal = (signalNumber: number) => {
      if (signalNumber === killSignal && gracefulTimeoutMs > 0) this.#reportKill();
      this.#end(signalNumber);
    };
    if (await stopTarget(steps, { signal, emptied: this.emptied })) return [];
    const survivors = this.#living();
    this.#log.warn(
      `${this.#template.name}: SIGKILL did not end ${describeSurvivors(survivors)}; gafferd no longer waits for it`,
    );
    return survivors;
  }

  async #empty(): Promise<void> {
    await this.exited;
    if (this.#hasTree) {
      const hasMembers = hasGroupMembers(this.osPid);
      await Promise.all([whenGroupEmpty(this.osPid), this.#escaped?.whenGone()]);
      // A member of the group could still leave it after the last look for strays.
      if (hasMembers) await this.#escaped?.whenGone();
    } else if (hostExitActionOf(this.#template) === "end") trackLeaderlessGroup(this.osPid);
  }

  /** What it starts is stopped with it. */
  get #hasTree(): boolean {
    return this.#template.killMode !== "process";
  }

  /** Sends what ends it. A stopped process receives any signal but SIGKILL only when it continues. */
  #end(signalNumber: number): void {
    this.#ending = signalNumber === killSignal ? [killSignal] : [signalNumber, continueSignal];
    const isForAll = this.#template.killMode === "group" || signalNumber === killSignal || this.#isReaped;
    if (this.#hasTree && isForAll) return this.#endTree();
    // While the process is their ancestor; it may be gone when it is their turn.
    this.#escaped?.note();
    for (const each of this.#ending) this.#sendToOne(each);
    if (this.#hasTree) void this.exited.then(() => this.#endTree());
  }

  #endTree(): void {
    // First those outside of the group, while those in it still are their parents.
    this.#escaped?.signal(...this.#ending);
    for (const each of this.#ending) this.#sendToGroup(each);
  }

  /** Names what the process left behind when it exited by itself. */
  #reportLeft(): void {
    if (!this.#hasTree || !hasProc) return;
    try {
      this.#escaped?.note();
      if (!hasGroupMembers(this.osPid) && (this.#escaped?.osPids.length ?? 0) === 0) return;
      const left = this.#living();
      if (left.length === 0) return;
      this.#log.warn(
        `${this.#template.name}: process ${this.osPid} exited and left ${describeSurvivors(left)} running; stopping it`,
      );
    } catch {
      // No descriptor is free to look into /proc: it is stopped all the same.
    }
  }

  #reportKill(): void {
    const { name, stopSignal, gracefulTimeoutMs } = this.#template;
    const living = describeSurvivors(this.#living()) || `process ${this.osPid}`;
    this.#log.warn(
      `${name}: ${living} still running ${gracefulTimeoutMs / 1000} s after ${stopSignal}; sending SIGKILL`,
    );
  }

  /** Empty where nobody can tell. */
  #living(): readonly Survivor[] {
    try {
      return this.#hasTree ? survivorsOf(this.osPid, this.#escaped?.osPids ?? []) : identify([this.osPid]);
    } catch {
      return []; // No descriptor is free to look into /proc.
    }
  }

  /** Bun reaps a process and notes its end in one step: as long as no end is noted, the number is its own. */
  get #isReaped(): boolean {
    return this.#subprocess.exitCode !== null || this.#subprocess.signalCode !== null;
  }

  /** False: not permitted. A number that may belong to another process by now is never signalled. */
  #sendToOne(signalNumber: number): boolean {
    if (this.#isReaped) return true;
    // It may be the last that is heard of it.
    this.#peak.look();
    return signalOne(this.osPid, signalNumber);
  }

  #sendToGroup(signalNumber: number): boolean {
    if (this.#isReaped) return signalLeaderlessGroup(this.osPid, signalNumber);
    this.#peak.look();
    return signalGroup(this.osPid, signalNumber);
  }
}

function exitOf(
  subprocess: Bun.Subprocess,
  { ownMaxRssBytes, seenMaxRssBytes = 0 }: { ownMaxRssBytes: number; seenMaxRssBytes: number | undefined },
): ProcessExit {
  const usage = subprocess.resourceUsage();
  const told = usage?.maxRSS ?? 0;
  const maxRssBytes = Math.max(seenMaxRssBytes, told > ownMaxRssBytes + maxRssSlackBytes ? told : 0);
  return {
    status: statusOf(subprocess),
    exitedAtMs: Date.now(),
    exitedSteadyMs: performance.now(),
    cpuMs: Number(usage?.cpuTime.total ?? 0) / 1000,
    ...(maxRssBytes > 0 && { maxRssBytes }),
  };
}

function statusOf({ exitCode, signalCode }: Bun.Subprocess): ExitStatus {
  if (signalCode === null) return { exitCode: exitCode ?? 0 };
  // Bun has no names for real-time signals, and gives their numbers in spite of its types.
  const signal: string | number = signalCode;
  return { signal: typeof signal === "number" ? nameOf(signal) : signal };
}

function nameOf(signalNumber: number): string {
  try {
    return parseSignal(signalNumber).name;
  } catch {
    return `SIG${signalNumber}`; // 32 and 33, which the C library keeps for itself, have no names.
  }
}
