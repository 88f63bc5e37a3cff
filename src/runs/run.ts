import type { RunEnder, RunState } from "../documents/run-schemas.ts";
import type { ExitStatus } from "../events/event.ts";
import type { SupervisedProcess, Supervisor } from "../manager/views.ts";
import { parseSignal } from "../template/signals.ts";

/** How a run ended, as the kernel reported it. */
export interface RunExit {
  readonly status: ExitStatus;
  /** Unix time. */
  readonly exitedAtMs: number;
  readonly cpuMs: number;
  readonly maxRssBytes?: number;
  readonly endedBy: RunEnder;
}

/** What is known of a run besides its settings, in the form in which it is kept on disk. */
export interface RunFacts {
  readonly osPid?: number;
  /** Unix time. */
  readonly startedAtMs?: number;
  /** Absent while it runs, and if it is lost. */
  readonly exit?: RunExit;
  /** Why nobody knows how it ended. Absent unless it is lost. */
  readonly lostReason?: string;
  /** When `keep` began: Unix time. Absent while it runs. */
  readonly endedAtMs?: number;
  /** The number of bytes of each output, by label. Absent while it runs, and if it is lost. */
  readonly outputBytes?: Readonly<Record<string, number>>;
}

/** A process with the supervisor that holds it. */
export interface HostedProcess {
  readonly supervisor: Supervisor;
  readonly process: SupervisedProcess;
}

/** A process that is started once, under an id that its caller chose. `Runs` starts and ends it. */
export class Run {
  readonly id: string;
  /** The canonical form of its settings (`CanonicalSettings`) as JSON, because thousands of runs may be kept. */
  readonly settings: string;
  /** How long it is kept after its end. */
  readonly keepMs: number;
  /** Resolves when its process has been started; rejects if that failed. Resolved for a run of an earlier gafferd. */
  readonly started: Promise<void>;
  /** Resolves when nothing of it runs any more, all its output has arrived, and its end is on disk. Never rejects. */
  readonly ended: Promise<void>;
  readonly #started = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #hosted: HostedProcess | undefined;
  #facts: RunFacts;
  #isOver = false;
  /** What gafferd stopped it for. The first cause is kept. */
  #stoppedFor: RunEnder | undefined;

  /** With `facts`, a run of an earlier gafferd, which has ended. */
  constructor(id: string, { settings, keepMs }: Pick<Run, "settings" | "keepMs">, facts?: RunFacts) {
    this.id = id;
    this.settings = settings;
    this.keepMs = keepMs;
    this.#facts = facts ?? {};
    this.started = this.#started.promise;
    this.ended = this.#ended.promise;
    // Nobody may be waiting for it.
    this.started.catch(() => {});
    if (facts === undefined) return;
    this.#isOver = true;
    this.#started.resolve();
    this.#ended.resolve();
  }

  /** Its process, which may have ended. Undefined before it is started, and for a run of an earlier gafferd. */
  get hosted(): HostedProcess | undefined {
    return this.#hosted;
  }

  /** `exited` as soon as the exit is known and all output has arrived. */
  get state(): RunState {
    const { lostReason, exit } = this.facts;
    if (lostReason !== undefined) return "lost";
    return exit !== undefined && (this.#isOver || this.#hosted?.process.outputEnded === true) ? "exited" : "running";
  }

  /** True when nothing of it runs any more, and it is no longer changed. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get facts(): RunFacts {
    const hosted = this.#hosted;
    if (hosted === undefined) return this.#facts;
    const { osPid, startedAtMs, exit, rings } = hosted.process;
    if (exit === undefined) return { osPid, startedAtMs };
    const { status, exitedAtMs, cpuMs, maxRssBytes } = exit;
    const endedBy = this.#enderOf(hosted.process, status);
    return {
      osPid,
      startedAtMs,
      exit: { status, exitedAtMs, cpuMs, ...(maxRssBytes !== undefined && { maxRssBytes }), endedBy },
      endedAtMs: exitedAtMs,
      outputBytes: Object.fromEntries([...rings].map(([label, { head }]) => [label, head])),
    };
  }

  begin(hosted: HostedProcess): void {
    this.#hosted = hosted;
    this.#started.resolve();
  }

  /** Call if its process cannot be started. */
  fail(error: unknown): void {
    this.#isOver = true;
    this.#started.reject(error);
    this.#ended.resolve();
  }

  /** Call when it is about to be stopped. Has no effect if it has exited, or was stopped for another reason before. */
  stoppedFor(ender: RunEnder): void {
    if (this.#hosted?.process.exit === undefined) this.#stoppedFor ??= ender;
  }

  /** Call when nothing of it runs any more and its end is on disk. */
  end(): void {
    this.#isOver = true;
    this.#ended.resolve();
  }

  /** A process that was stopped, or got its deadly signal, by a request that knew only its pid was ended by a request too. */
  #enderOf({ stopReason, sentSignals }: SupervisedProcess, status: ExitStatus): RunEnder {
    if (this.#stoppedFor !== undefined) return this.#stoppedFor;
    const wasKilled =
      "signal" in status && [...sentSignals].some((number) => parseSignal(number).name === status.signal);
    return stopReason !== undefined || wasKilled ? "request" : "itself";
  }
}
