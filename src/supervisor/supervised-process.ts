import { type Actor, currentActor } from "../actor.ts";
import type { Process, ProcessExit } from "../process/process.ts";
import type { Survivor } from "../process/stop/survivors.ts";
import type { RingMemory } from "../output/output-memory.ts";
import type { RankCounter } from "../output/rank-counter.ts";
import { Ring } from "../output/ring.ts";
import { portOf } from "../template/slot.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { Meter } from "./meter.ts";
import { Pump } from "./pump.ts";

/** Why gafferd stopped a process. The first reason is kept. `flapping` and `given-up` are reasons of its template. */
export type StopReason = "stop" | "reap" | "restart" | "flapping" | "given-up";

/** Why gafferd began to stop a process. */
export interface StopRequest {
  readonly reason: StopReason;
  /** Who asked for it; undefined if nobody did, or it is not known. */
  readonly by: Actor | undefined;
}

/** A signal that was sent through gafferd. */
export interface SentSignal {
  readonly number: number;
  readonly by: Actor | undefined;
}

export interface SupervisedProcessOptions {
  readonly id: number;
  readonly slot: number;
  /** `performance.now()`. */
  readonly startedMs: number;
  readonly template: ProcessTemplate;
  /** Shared by all outputs of the template. */
  readonly counter: RankCounter;
  /** Shared by all processes of the template. */
  readonly meter: Meter;
  /** Shared by all outputs of the daemon. Default: without a limit. */
  readonly memory?: RingMemory | undefined;
}

/** One run of a template with its recent output: what the supervisor starts, watches and stops. */
export class SupervisedProcess {
  /** gafferd's own number: 1, 2, 3 … in the order of spawning, never reused. */
  readonly id: number;
  /** Its number among the processes of its template that run at the same time: 0, 1, 2 … */
  readonly slot: number;
  /** The template at the time of the spawn. */
  readonly template: ProcessTemplate;
  /** By label, in the order of `redirectOutput`. */
  readonly rings: ReadonlyMap<string, Ring>;
  /** Resolves when the process has exited. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves when the process and everything it started have exited, and its output has ended. */
  readonly finished: Promise<void>;
  /** The numbers of the signals that `signal` was called with. */
  readonly sentSignals = new Set<number>();
  readonly #process: Process;
  readonly #counter: RankCounter;
  #stopRequest: StopRequest | undefined;
  #sentSignal: SentSignal | undefined;
  #exit: ProcessExit | undefined;
  #isDraining = false;
  #spawnRank: number | undefined;
  #exitRank: number | undefined;
  readonly #startedMs: number;
  #ranMs: number | undefined;
  #survivors: readonly Survivor[] = [];
  readonly #stopped = Promise.withResolvers<void>();

  constructor(process: Process, options: SupervisedProcessOptions) {
    this.#process = process;
    this.id = options.id;
    this.#counter = options.counter;
    this.slot = options.slot;
    this.#startedMs = options.startedMs;
    this.template = options.template;
    const rings = new Map<string, Ring>();
    const pumps = process.outputs.map((pipe) => {
      const { template, counter, meter, memory } = options;
      const ring = new Ring(template.outputBufferBytes, counter, meter.output(pipe.label), memory);
      rings.set(pipe.label, ring);
      ring.observe({ onFirstByte: () => this.#rankSpawn(), onEnd: () => this.#rankExit() });
      return new Pump(pipe, ring);
    });
    this.rings = rings;
    this.#counter.whenDrained(() => this.#rankSpawn());
    process.stdin?.setCounter(options.meter.input);
    this.exited = process.exited.then((exit) => {
      this.#ranMs = performance.now() - this.#startedMs;
      this.#exit = exit;
      this.#isDraining = [...this.rings.values()].some((ring) => !ring.ended);
      if (this.#isDraining) this.#counter.draining();
      else this.#rankExit();
      return exit;
    });
    this.finished = this.#finish(pumps);
  }

  /** The fields that identify the process in events. */
  get eventFields() {
    const { id, slot, osPid, template } = this;
    return { name: template.name, id, slot, osPid, detached: template.detach };
  }

  get osPid(): number {
    return this.#process.osPid;
  }

  /** The value of `PORT` in its environment; undefined if the template has no `port`. */
  get port(): number | undefined {
    return portOf(this.template, this.slot);
  }

  /** How long it has been running, or ran. Not affected by changes of the system clock. */
  get ranMs(): number {
    return this.#ranMs ?? performance.now() - this.#startedMs;
  }

  get startedAtMs(): number {
    return this.#process.startedAtMs;
  }

  get state(): "running" | "stopping" | "exited" {
    if (this.#exit !== undefined) return "exited";
    return this.#stopRequest === undefined ? "running" : "stopping";
  }

  /** Undefined until the process has exited. */
  get exit(): ProcessExit | undefined {
    return this.#exit;
  }

  /** Undefined if gafferd did not stop it. */
  get stopReason(): StopReason | undefined {
    return this.#stopRequest?.reason;
  }

  /** Undefined if gafferd did not stop it. */
  get stopRequest(): StopRequest | undefined {
    return this.#stopRequest;
  }

  /** The last signal that a caller sent to it, other than to stop it. */
  get sentSignal(): SentSignal | undefined {
    return this.#sentSignal;
  }

  /** The processes that survived SIGKILL; empty until this is known. */
  get survivors(): readonly Survivor[] {
    return this.#survivors;
  }

  /** The processes that it left running when it exited by itself. */
  get leftBehind(): readonly Survivor[] {
    return this.#process.leftBehind;
  }

  /** True when the process has exited and no output will follow. */
  get outputEnded(): boolean {
    return this.#exitRank !== undefined;
  }

  /** The rank of its spawn in the order of arrival (`order.ts`). Undefined while exited processes may still have output. */
  get spawnRank(): number | undefined {
    return this.#spawnRank;
  }

  /** The rank of its exit, after all of its output; undefined until then. */
  get exitRank(): number | undefined {
    return this.#exitRank;
  }

  /** Undefined if the template does not set `redirectInput`. */
  get stdin(): Process["stdin"] {
    return this.#process.stdin;
  }

  /** Sends a signal to the process or, with `group`, to its process group. Throws `forbidden`. */
  signal(signalNumber: number, options: { group?: boolean } = {}): void {
    this.#sentSignal = { number: signalNumber, by: currentActor() };
    this.#process.signal(signalNumber, options);
    this.sentSignals.add(signalNumber);
  }

  /** It is `stopping` from now on, unless it has exited. Call `stop` soon. Only the first reason is kept. */
  beginStop(reason: StopReason, by?: Actor): void {
    if (this.#exit === undefined) this.#stopRequest ??= { reason, by };
  }

  /** Stop signal, graceful timeout, SIGKILL. Resolves when nothing is left, or if processes survive SIGKILL (`survivors`). */
  async stop(): Promise<void> {
    this.#survivors = await this.#process.stop();
    this.#stopped.resolve();
  }

  /** Resolves when it is `finished`, or when a stop that has begun ended with survivors. */
  async gone(): Promise<void> {
    if (this.state === "stopping") await Promise.race([this.#stopped.promise, this.finished]);
    if (this.#survivors.length === 0) await this.finished;
  }

  /** Sends SIGKILL to the process and everything it started. */
  kill(): void {
    this.#process.kill();
  }

  #rankExit(): void {
    if (this.#exit === undefined || this.#exitRank !== undefined) return;
    for (const ring of this.rings.values()) if (!ring.ended) return;
    this.#rankSpawn();
    this.#exitRank = this.#counter.next++;
    if (this.#isDraining) this.#counter.drained();
  }

  #rankSpawn(): void {
    this.#spawnRank ??= this.#counter.next++;
  }

  async #finish(pumps: readonly Pump[]): Promise<void> {
    await this.#process.exited;
    const left = this.template.detach ? undefined : this.#process.stop();
    await Promise.all(pumps.map((each) => each.finish()));
    this.#survivors = (await left) ?? [];
  }
}
