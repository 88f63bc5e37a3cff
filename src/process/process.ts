import type { ExitStatus } from "./exit-status.ts";
import { GafferdError } from "../errors.ts";
import { log } from "../log.ts";
import { parseSignal } from "../template/signals.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { signalGroup, signalLeaderlessGroup, signalOne, whenGroupEmpty } from "./stop/group.ts";
import { assertLaunchable, launch, type Launched } from "./spawn/launch.ts";
import type { OutputPipe } from "./spawn/output-pipe.ts";
import { hasProc } from "./proc-stat.ts";
import type { Stdin } from "./stdin.ts";
import { Strays } from "./stop/strays.ts";
import { climb } from "./stop/stop.ts";
import { describeSurvivors, type Survivor, survivorsOf } from "./stop/survivors.ts";

export { assertLaunchable };

/** How a process ended, and what it took. */
export interface ProcessExit {
  readonly status: ExitStatus;
  /** Unix time. */
  readonly exitedAtMs: number;
  /** User and system time, of children that it waited for too. */
  readonly cpuMs: number;
  /** Absent when it was less than the daemon's own: the kernel gives the greater of both. */
  readonly maxRssBytes?: number;
}

const killSignal = 9;
const continueSignal = parseSignal("SIGCONT").number;

/** The kernel ends at once what it can end. What lives after so long waits for something that may never come. */
const killedMs = 1500;

/** The kernel counts pages for each CPU and adds them up now and then, so that two figures of one peak differ a little. */
const maxRssSlackBytes = 1024 * 1024;

/** Starts a process, which is told its `slot` (`template/slot.ts`). Throws GafferdError `spawn_failed`, with `details.transient`: whether to try again may help. */
export function spawnProcess(template: ProcessTemplate, slot = 0): Process {
  const startedAtMs = Date.now();
  const launched = launch(template, slot);
  // Until its exec the child shares our memory, and the kernel counts our peak of that time as the child's.
  const ownMaxRssBytes = process.resourceUsage().maxRSS * 1024;
  return new Process({ template, startedAtMs, ownMaxRssBytes, ...launched });
}

interface Started extends Launched {
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
   * Resolves when it has exited and, with `stopGroup`, nothing lives any more of its group and of what left that. Never
   * rejects.
   */
  readonly emptied: Promise<void>;

  /** What it and all that it starts carry in their environment (`marker.ts`). */
  readonly marker: string;
  readonly #subprocess: Bun.Subprocess;
  readonly #template: ProcessTemplate;
  readonly #strays: Strays | undefined;
  #stopping: Promise<readonly Survivor[]> | undefined;

  constructor({ template, startedAtMs, ownMaxRssBytes, subprocess, outputs, stdin, marker }: Started) {
    this.#template = template;
    this.#subprocess = subprocess;
    this.osPid = subprocess.pid;
    this.startedAtMs = startedAtMs;
    this.marker = marker;
    this.outputs = outputs;
    this.stdin = stdin;
    this.exited = subprocess.exited.then(() => {
      stdin?.abandon();
      return exitOf(subprocess, ownMaxRssBytes);
    });
    if (template.stopGroup && !template.detach && hasProc) {
      this.#strays = new Strays({ leader: this.osPid, marker, leaderIsThere: () => !this.#isReaped });
    }
    this.emptied = this.#empty();
    if (template.detach) subprocess.unref();
  }

  /**
   * Sends a signal to the process and, with `stopGroup`, to all of its group, as long as something of it is left. Throws
   * GafferdError `forbidden` when the system does not permit it.
   */
  signal(signalNumber: number): void {
    if (this.#send(signalNumber)) return;
    throw new GafferdError(
      "forbidden",
      `cannot signal process ${this.osPid}: it runs as another user, and gafferd does not run as root`,
    );
  }

  /**
   * Sends the stop signal, SIGKILL after the graceful timeout, and resolves when `emptied` does, or to what lives on all
   * the same. What it leaves behind when it has exited by itself is stopped the same way. A second call joins the first.
   */
  stop(): Promise<readonly Survivor[]> {
    return (this.#stopping ??= this.#stop());
  }

  /** Sends SIGKILL at once, which hastens a `stop` under way. */
  kill(): void {
    this.#end(killSignal);
  }

  async #stop(): Promise<readonly Survivor[]> {
    const { stopSignal, gracefulTimeoutMs } = this.#template;
    const steps = [
      { signalNumber: parseSignal(stopSignal).number, waitMs: gracefulTimeoutMs },
      { signalNumber: killSignal, waitMs: killedMs },
    ];
    const signal = (signalNumber: number) => this.#end(signalNumber);
    const isGone = await climb(steps, { signal, emptied: this.emptied });
    if (isGone) return [];
    const survivors = survivorsOf(this.osPid, this.#strays?.osPids ?? []);
    log.warn(
      `${this.#template.name}: SIGKILL did not end ${describeSurvivors(survivors)}; nobody waits for it any more`,
    );
    return survivors;
  }

  async #empty(): Promise<void> {
    await this.exited;
    if (this.#template.stopGroup) await Promise.all([whenGroupEmpty(this.osPid), this.#strays?.whenGone()]);
  }

  /** Tells all of it to end. What is stopped hears of any other signal than SIGKILL only when it continues. */
  #end(signalNumber: number): void {
    const signalNumbers = signalNumber === killSignal ? [killSignal] : [signalNumber, continueSignal];
    // First those outside of the group, while those in it still are their parents.
    this.#strays?.signal(...signalNumbers);
    for (const each of signalNumbers) this.#send(each);
  }

  /** Bun reaps a process and notes its end in one step: as long as no end is noted, the number is its own. */
  get #isReaped(): boolean {
    return this.#subprocess.exitCode !== null || this.#subprocess.signalCode !== null;
  }

  /** False: not permitted. A number that may belong to somebody else by now is never signalled. */
  #send(signalNumber: number): boolean {
    const isReaped = this.#isReaped;
    if (!this.#template.stopGroup) return isReaped || signalOne(this.osPid, signalNumber);
    return isReaped ? signalLeaderlessGroup(this.osPid, signalNumber) : signalGroup(this.osPid, signalNumber);
  }
}

function exitOf(subprocess: Bun.Subprocess, ownMaxRssBytes: number): ProcessExit {
  const usage = subprocess.resourceUsage();
  const maxRssBytes = usage?.maxRSS ?? 0;
  return {
    status: statusOf(subprocess),
    exitedAtMs: Date.now(),
    cpuMs: Number(usage?.cpuTime.total ?? 0) / 1000,
    ...(maxRssBytes > ownMaxRssBytes + maxRssSlackBytes && { maxRssBytes }),
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
