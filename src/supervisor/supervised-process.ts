import type { Process, ProcessExit } from "../process/process.ts";
import type { Survivor } from "../process/stop/survivors.ts";
import type { RankCounter } from "../output/rank-counter.ts";
import { Ring } from "../output/ring.ts";
import { portOf } from "../template/slot.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { Meter } from "./meter.ts";
import { Pump } from "./pump.ts";

/** Why a process was told to stop; the first reason stays. */
export type StopReason = "stop" | "reap" | "restart";

export interface SupervisedProcessOptions {
  readonly id: number;
  readonly slot: number;
  /** `performance.now()`. */
  readonly startedMs: number;
  readonly template: ProcessTemplate;
  /** Of all its template's outputs. */
  readonly counter: RankCounter;
  /** Its template's. */
  readonly meter: Meter;
}

/** One run of a template with the output that is held of it: what the supervisor starts, watches and stops. */
export class SupervisedProcess {
  /** Ours: 1, 2, 3… in the order of spawning, never used twice. */
  readonly id: number;
  /** Its number among those of its template that run beside it: 0, 1, 2 … */
  readonly slot: number;
  /** The template as it was at the spawn. */
  readonly template: ProcessTemplate;
  /** By label, in the order of `redirectOutput`. */
  readonly rings: ReadonlyMap<string, Ring>;
  /** Resolves when the process is gone. */
  readonly exited: Promise<ProcessExit>;
  /** Resolves when the process is gone, and nothing is left of what it started, and its output has ended. */
  readonly finished: Promise<void>;
  readonly #process: Process;
  readonly #counter: RankCounter;
  #stopReason: StopReason | undefined;
  #exit: ProcessExit | undefined;
  #isDraining = false;
  #spawnRank: number | undefined;
  #exitRank: number | undefined;
  readonly #startedMs: number;
  #ranMs: number | undefined;
  #survivors: readonly Survivor[] = [];

  constructor(process: Process, options: SupervisedProcessOptions) {
    this.#process = process;
    this.id = options.id;
    this.#counter = options.counter;
    this.slot = options.slot;
    this.#startedMs = options.startedMs;
    this.template = options.template;
    const rings = new Map<string, Ring>();
    const pumps = process.outputs.map((pipe) => {
      const ring = new Ring(options.template.outputBufferBytes, options.counter, options.meter.output(pipe.label));
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

  /** As events name it. */
  get ids() {
    const { id, slot, osPid, template } = this;
    return { name: template.name, id, slot, osPid, detached: template.detach };
  }

  get osPid(): number {
    return this.#process.osPid;
  }

  /** What it finds in `PORT`; undefined without `port`. */
  get port(): number | undefined {
    return portOf(this.template, this.slot);
  }

  /** How long it has run, or ran, whatever was done to the clock. */
  get ranMs(): number {
    return this.#ranMs ?? performance.now() - this.#startedMs;
  }

  get startedAtMs(): number {
    return this.#process.startedAtMs;
  }

  get state(): "running" | "stopping" | "exited" {
    if (this.#exit !== undefined) return "exited";
    return this.#stopReason === undefined ? "running" : "stopping";
  }

  /** Undefined while it runs. */
  get exit(): ProcessExit | undefined {
    return this.#exit;
  }

  /** Undefined when nobody asked it to stop. */
  get stopReason(): StopReason | undefined {
    return this.#stopReason;
  }

  /** What SIGKILL did not end; empty while that is not known. */
  get survivors(): readonly Survivor[] {
    return this.#survivors;
  }

  /** No output will follow, and the process is gone. */
  get outputEnded(): boolean {
    return this.#exitRank !== undefined;
  }

  /** The rank of its spawn among all that arrives from its template (`order.ts`); undefined while others drain. */
  get spawnRank(): number | undefined {
    return this.#spawnRank;
  }

  /** The rank of its exit, after that of all its output; undefined before. */
  get exitRank(): number | undefined {
    return this.#exitRank;
  }

  /** Undefined without `redirectInput`. */
  get stdin(): Process["stdin"] {
    return this.#process.stdin;
  }

  /** To the process itself or, with `group`, to its process group. Throws GafferdError `forbidden`. */
  signal(signalNumber: number, options: { group?: boolean } = {}): void {
    this.#process.signal(signalNumber, options);
  }

  /** Stop signal, graceful timeout, SIGKILL. Resolves when nothing is left of it, or SIGKILL did not help (`survivors`). */
  async stop(reason: StopReason): Promise<void> {
    if (this.#exit === undefined) this.#stopReason ??= reason;
    this.#survivors = await this.#process.stop();
  }

  /** SIGKILL at once to it and all that it started. */
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
