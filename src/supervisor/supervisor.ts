import { GafferdError } from "../errors.ts";
import { RankCounter } from "../output/rank-counter.ts";
import { assertLaunchable, type ProcessExit } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { Changes } from "./changes.ts";
import type { SupervisorContext } from "./context.ts";
import { Meter } from "./meter.ts";
import { Population } from "./population.ts";
import { type RollingSteps, rollingRestart } from "./rolling-restart.ts";
import { Retry } from "./retry.ts";
import { type Effect, isWantedUp, type Stimulus, type SupervisorState, transitions } from "./state.ts";
import { Statuses, type SupervisorStatus } from "./status.ts";
import { isSameRun } from "./same-run.ts";
import { runInSlices } from "../slices.ts";
import { spawnSupervised } from "./spawn-supervised.ts";
import type { StopReason, SupervisedProcess } from "./supervised-process.ts";
import { noTally, type Tally } from "./tally.ts";
import { decideExit, decideSpawnFailure, retryOf, stimulusOf, type Verdict } from "./verdict.ts";

/** Keeps as many processes of one template as are wanted, whatever happens in between. */
export class Supervisor {
  /** What is counted of it, for whoever asks; only it and its processes write there. */
  readonly meter = new Meter();
  readonly #context: SupervisorContext;
  readonly ranks = new RankCounter();
  readonly #population = new Population();
  readonly #changes = new Changes();
  readonly #statuses = new Statuses();
  readonly #retry = new Retry(() => this.#take("retry"));
  #template: ProcessTemplate;
  #state: SupervisorState = "stopped";
  #tally: Tally = noTally;
  /** 1 while a rolling restart spawns before it stops. */
  #surplus = 0;
  /** Why it does not run, while it does not. */
  #reason = "it has not been started";
  /** Why it could not be spawned when that was last tried. */
  #failure: GafferdError | undefined;
  #isFilling = false;
  #isRetired = false;
  #rolling: Promise<void> = Promise.resolve();

  constructor(template: ProcessTemplate, context: SupervisorContext) {
    this.#template = template;
    this.#context = context;
  }

  /** What is spawned from now on, with the number that is wanted now. */
  get template(): ProcessTemplate {
    return this.#template;
  }

  /** Those that have not exited, ascending by id. */
  get processes(): readonly SupervisedProcess[] {
    return this.#population.alive;
  }

  /** The last that exited, oldest exit first; their output is still held. */
  get exits(): readonly SupervisedProcess[] {
    return this.#population.exits;
  }

  /** Of the exits that are no longer held. */
  get dropped() {
    return this.#population.dropped;
  }

  /** No process will follow, and all have exited. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  get listenerCount(): number {
    return this.#changes.listenerCount;
  }

  /** Those that were subscribed with `onChange`. */
  get readerCount(): number {
    return this.#changes.subscriberCount;
  }

  status(): SupervisorStatus {
    return this.#statuses.next(this.#state, {
      running: this.#population.runningCount,
      numprocesses: this.#template.numprocesses,
      placesLeft: this.#wanted,
      restarts: this.meter.restarts,
      retry: this.#retry,
      reason: this.#state === "running" ? this.#tally.endReason : this.#reason,
    });
  }

  find(id: number): SupervisedProcess | undefined {
    return this.#population.find(id);
  }

  /** Calls `listener` after every change of state or processes. Returns what ends that. */
  onChange(listener: () => void): () => void {
    return this.#changes.subscribe(listener);
  }

  /** Throws `spawn_failed` when a process cannot be spawned at all; the template is then `fatal`. */
  start(): void {
    this.#take("start");
    if (this.#state === "fatal" && this.#failure !== undefined) throw this.#failure;
  }

  /** Resolves when so many were spawned as were missing (some may have ended by then), or none is to be spawned now. */
  async filled(): Promise<void> {
    const enough = this.meter.spawns + this.#wanted - this.#population.running.length;
    await this.#changes.until(() => this.#state !== "starting" || this.meter.spawns >= enough);
  }

  /** Resolves when nothing of it runs any more, or nothing but what SIGKILL does not end. */
  async stop(): Promise<void> {
    this.#take("stop");
    await this.#changes.until(() => this.#state !== "stopping" || this.#population.isUnkillable);
  }

  /** No process will follow: the readers of its output end when they have read what is held. */
  retire(): void {
    this.#isRetired = true;
    this.#changes.announce();
  }

  /** SIGKILL to everything that is not gone, but for what is detached. */
  kill(): void {
    for (const process of [...this.#population.supervised, ...this.#population.unfinished]) process.kill();
  }

  /** Wants so many more or fewer, never fewer than none. Resolves to the new number when so many run. */
  async scale(delta: number): Promise<number> {
    const numprocesses = Math.max(0, this.#template.numprocesses + delta);
    this.#template = { ...this.#template, numprocesses };
    this.#take("resized");
    const reaped = this.processes.filter(({ stopReason }) => stopReason === "reap");
    await Promise.all([this.filled(), ...reaped.map(({ finished }) => finished)]);
    return numprocesses;
  }

  /**
   * Replaces the settings and, one at a time, what runs; with `keepSame` not the processes that differ in nothing. Throws
   * `spawn_failed`, and changes nothing, if it cannot run.
   */
  async update(template: ProcessTemplate, { keepSame = false } = {}): Promise<void> {
    assertLaunchable(template);
    this.#template = template;
    this.#context.bus.publish({ type: "update", name: template.name });
    const { running } = this.#population;
    const old = keepSame ? running.filter((process) => !isSameRun(process.template, template)) : running;
    if (isWantedUp(this.#state) && (running.length === 0 || this.#state === "backoff")) this.#take("start");
    this.#take("resized");
    await this.#roll(old, { spawnFirst: false });
  }

  /** Replaces what runs, one process at a time (`rolling-restart.ts`), and starts what does not run. */
  async restart(options: { spawnFirst: boolean }): Promise<void> {
    this.#context.bus.publish({ type: "restart", name: this.#template.name });
    const old = this.#population.running;
    this.start();
    await this.#roll(old, options);
  }

  /** Stops one process, whose place another takes if it is wanted. Resolves when nothing is left of it. */
  async stopProcess(process: SupervisedProcess): Promise<void> {
    this.#stopOne(process, "stop");
    await process.finished;
  }

  get #wanted(): number {
    return this.#template.numprocesses + this.#surplus - this.#tally.ended;
  }

  #roll(old: readonly SupervisedProcess[], options: { spawnFirst: boolean }): Promise<void> {
    const steps: RollingSteps = {
      isWantedUp: () => isWantedUp(this.#state),
      refill: async (surplus) => {
        this.#surplus = surplus;
        this.#take("vacated");
        await this.#changes.until(() => this.#state !== "starting");
        this.#surplus = 0;
      },
      stop: async (process) => {
        this.#stopOne(process, "restart");
        await process.finished;
      },
    };
    return (this.#rolling = this.#rolling.then(() => rollingRestart(old, options, steps)).then(() => this.filled()));
  }

  #take(stimulus: Stimulus): void {
    const { state, effects } = transitions[this.#state][stimulus];
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.#changes.announce();
  }

  #perform(effect: Effect): void {
    switch (effect) {
      case "forget":
        this.#tally = noTally;
        this.#failure = undefined;
        return;
      case "announce-start":
        return this.#context.bus.publish({ type: "start", name: this.#template.name });
      case "announce-stop":
        this.#reason = "it was stopped";
        return this.#context.bus.publish({ type: "stop", name: this.#template.name });
      case "tell-given-up":
        return this.#context.gaveUp(this.#template, this.#reason);
      case "fill":
        return this.#fill();
      case "reap":
        for (const process of this.#population.running.slice(Math.max(0, this.#wanted))) this.#stopOne(process, "reap");
        return;
      case "drain":
        for (const process of this.#population.supervised) this.#stopOne(process, "stop");
        this.#checkEmpty();
        return;
      case "cancel-retry":
        this.#retry.cancel();
        return;
    }
  }

  #fill(): void {
    if (this.#isFilling) return;
    this.#isFilling = true;
    const isMissing = () => this.#state === "starting" && this.#population.size < this.#wanted;
    const step = () => {
      if (isMissing()) this.#spawnOne();
      return isMissing();
    };
    runInSlices(step, () => {
      this.#isFilling = false;
      if (this.#state === "starting" && this.#population.running.length >= this.#wanted) this.#take("filled");
    });
  }

  #spawnOne(): void {
    const shared = { counter: this.ranks, meter: this.meter, context: this.#context };
    const spawned = spawnSupervised(this.#template, shared);
    if (spawned instanceof GafferdError) this.#spawnFailed(spawned);
    else this.#spawned(spawned);
  }

  #spawned(process: SupervisedProcess): void {
    this.#tally = { ...this.#tally, spawnFailures: 0 };
    this.#population.add(process);
    void process.exited.then((exit) => this.#exited(process, exit));
    this.#changes.announce();
    this.#context.bus.publish({ type: "spawn", ...process.ids });
  }

  #spawnFailed(failure: GafferdError): void {
    this.#context.log.warn(failure.message);
    this.#failure = failure;
    this.#obey(decideSpawnFailure(failure, this.#tally, Date.now()));
  }

  #stopOne(process: SupervisedProcess, reason: StopReason): void {
    if (process.state !== "running") return;
    void process.stop(reason).then(() => this.#changes.announce());
    this.#changes.announce();
    this.#context.bus.publish({ type: reason === "reap" ? "reap" : "stop_pid", ...process.ids });
  }

  #exited(process: SupervisedProcess, exit: ProcessExit): void {
    this.#population.exited(process);
    this.meter.countExit(exit.status);
    void process.finished.then(() => {
      this.#population.finished(process);
      this.#checkEmpty();
      this.#changes.announce();
    });
    this.#changes.announce();
    this.#context.bus.publish({ type: "exit", status: exit.status, ...process.ids });
    if (process.stopReason === undefined && isWantedUp(this.#state)) {
      const { id, startedAtMs } = process;
      this.#obey(decideExit(this.#template, { id, startedAtMs, ...exit }, this.#tally, Math.random()));
    } else this.#take("vacated");
    this.#checkEmpty();
  }

  #obey(verdict: Verdict): void {
    this.#tally = verdict.tally;
    this.#reason = "reason" in verdict ? verdict.reason : this.#reason;
    this.meter.countVerdict(verdict.kind);
    if ("retryAtMs" in verdict) this.#retry.arm(verdict.retryAtMs, verdict.kind);
    this.#take(stimulusOf[verdict.kind]);
    if (verdict.kind !== "flapping" && verdict.kind !== "flapped-out") return;
    this.#context.bus.publish({ type: "flap", name: this.#template.name, ...retryOf(verdict) });
  }

  #checkEmpty(): void {
    const { unfinished, supervised } = this.#population;
    const isDone = isWantedUp(this.#state) ? this.#tally.ended > 0 && this.#wanted <= 0 : unfinished.size === 0;
    if (isDone && supervised.length === 0) this.#take("emptied");
  }
}
