import { GafferdError } from "../errors.ts";
import { RankCounter } from "../output/rank-counter.ts";
import { assertLaunchable, type ProcessExit } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { Changes } from "./changes.ts";
import type { SupervisorContext } from "./context.ts";
import { Filling } from "./filling.ts";
import { Meter } from "./meter.ts";
import { Population } from "./population.ts";
import { RollingRestarts } from "./rolling-restart.ts";
import { Restarts } from "./restarts.ts";
import { type Effect, isWantedUp, type Stimulus, type SupervisorState, transitions } from "./state.ts";
import { Statuses, type SupervisorStatus } from "./status.ts";
import { isSameRun } from "./same-run.ts";
import { spawnSupervised } from "./spawn-supervised.ts";
import type { StopReason, SupervisedProcess } from "./supervised-process.ts";
import { retryOf, stimulusOf, type Verdict } from "./verdict.ts";

/** Keeps as many processes of one template as are wanted, whatever happens in between. */
export class Supervisor {
  /** What is counted of it, for whoever asks; only it and its processes write there. */
  readonly meter = new Meter();
  readonly #context: SupervisorContext;
  readonly ranks = new RankCounter();
  readonly #population = new Population();
  readonly #changes = new Changes();
  readonly #statuses = new Statuses();
  readonly #restarts: Restarts;
  readonly #filling = new Filling({
    isMissing: () => this.#state === "starting" && this.#restarts.mayFill(this.#wanted - this.#population.size),
    spawn: () => this.#spawnOne(),
    onDone: () => this.#settle(),
  });
  readonly #rolling = new RollingRestarts({
    isWantedUp: () => isWantedUp(this.#state),
    refill: async () => {
      this.#take("vacated");
      await this.#changes.until(() => this.#state !== "starting");
    },
    stop: (process) => this.stopProcess(process, "restart"),
  });
  #template: ProcessTemplate;
  #state: SupervisorState = "stopped";
  /** Why it does not run, while it does not. */
  #reason = "it has not been started";
  #isRetired = false;

  constructor(template: ProcessTemplate, context: SupervisorContext) {
    this.#template = template;
    this.#context = context;
    this.#restarts = new Restarts({
      context,
      name: template.name,
      onDue: () => this.#take("retry"),
      onChange: () => this.#changes.announce(),
    });
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
      ...this.#restarts.facts,
      reason: this.#state === "running" ? this.#restarts.complaint : this.#reason,
    });
  }

  find(id: number): SupervisedProcess | undefined {
    return this.#population.find(id);
  }

  /** Calls `listener` after every change of state or processes. Returns what ends that. */
  onChange(listener: () => void): () => void {
    return this.#changes.subscribe(listener);
  }

  /**
   * Throws `spawn_failed` when a process cannot be spawned at all; the template is then `fatal`, or with a backoff in
   * state `backoff`, and is tried again.
   */
  start(): void {
    this.#take("start");
    const { failure } = this.#restarts;
    if (failure !== undefined && failure.details?.["transient"] !== true) throw failure;
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
  async stopProcess(process: SupervisedProcess, reason: StopReason = "stop"): Promise<void> {
    this.#stopOne(process, reason);
    await process.finished;
  }

  get #wanted(): number {
    return this.#template.numprocesses + this.#rolling.surplus - this.#restarts.ended;
  }

  async #roll(old: readonly SupervisedProcess[], options: { spawnFirst: boolean }): Promise<void> {
    await this.#rolling.begin(old, options);
    await this.filled();
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
        return this.#restarts.forget();
      case "announce-start":
        return this.#context.bus.publish({ type: "start", name: this.#template.name });
      case "announce-stop":
        this.#restarts.endLoop((this.#reason = "it was stopped"));
        return this.#context.bus.publish({ type: "stop", name: this.#template.name });
      case "tell-given-up":
        this.#restarts.endLoop("it was given up");
        return this.#context.gaveUp(this.#template, this.#reason);
      case "fill":
        return this.#filling.begin();
      case "reap":
        return this.#reap();
      case "drain":
        this.#restarts.cancelWaits();
        for (const process of this.#population.supervised) this.#stopOne(process, "stop");
        this.#checkEmpty();
        return;
      case "cancel-retry":
        return this.#restarts.cancelRetry();
    }
  }

  /** Leaves `starting` when nothing more can be spawned now. */
  #settle(): void {
    if (this.#state !== "starting") return;
    const { waitingCount, isHeld } = this.#restarts;
    const isFull = this.#population.runningCount + waitingCount >= this.#wanted;
    if (isHeld || (isFull && waitingCount > 0)) this.#take("deferred");
    else if (isFull) this.#take("filled");
    this.#checkEmpty();
  }

  /** What waits goes first, so that what runs stays; then those in the highest slots. */
  #reap(): void {
    const kept = Math.max(0, this.#wanted);
    this.#restarts.dropWaits(this.#population.runningCount + this.#restarts.waitingCount - kept);
    for (const process of this.#population.highest(this.#population.runningCount - kept)) {
      this.#stopOne(process, "reap");
      this.#restarts.dropped(process.slot);
    }
  }

  #spawnOne(): void {
    const shared = { counter: this.ranks, meter: this.meter, context: this.#context };
    const slot = this.#restarts.takeSlot();
    const process = spawnSupervised(this.#template, slot, shared);
    if (process instanceof GafferdError) return this.#obey(this.#restarts.spawnFailed(this.#template, process, slot));
    this.#restarts.spawned(process);
    this.#population.add(process);
    void process.exited.then((exit) => this.#exited(process, exit));
    this.#changes.announce();
    this.#context.bus.publish({ type: "spawn", ...process.ids });
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
    const isUnasked = process.stopReason === undefined && isWantedUp(this.#state);
    if (isUnasked) this.#obey(this.#restarts.exited(this.#template, process, exit));
    else this.#restarts.freeSlot(process.slot);
    if (!isUnasked) this.#take("vacated");
    this.#checkEmpty();
  }

  #obey(verdict: Verdict): void {
    // Of another slot that waits there is more to tell.
    if (verdict.kind !== "respawn") this.#reason = verdict.reason;
    this.meter.countVerdict(verdict.kind);
    this.#take(stimulusOf[verdict.kind]);
    if (verdict.kind !== "flapping" && verdict.kind !== "flapped-out") return;
    this.#context.bus.publish({ type: "flap", name: this.#template.name, ...retryOf(verdict) });
  }

  #checkEmpty(): void {
    const { unfinished, supervised } = this.#population;
    const isDone = isWantedUp(this.#state) ? this.#restarts.ended > 0 && this.#wanted <= 0 : unfinished.size === 0;
    if (!isDone || supervised.length > 0) return;
    this.#take("emptied");
    this.#restarts.endLoop(this.#reason);
  }
}
