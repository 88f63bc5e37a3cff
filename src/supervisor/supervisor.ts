import { GafferdError } from "../errors.ts";
import { RankCounter } from "../output/rank-counter.ts";
import { assertLaunchable, prepareUser, type ProcessExit } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";
import { Changes } from "./changes.ts";
import type { SupervisorContext } from "./context.ts";
import { SpawnLoop } from "./spawn-loop.ts";
import { Meter } from "./meter.ts";
import { Population } from "./population.ts";
import { RollingRestarts } from "./rolling-restart.ts";
import { Restarts } from "./restarts.ts";
import { type Effect, isRequest, isWantedUp, type Stimulus, type SupervisorState, transitions } from "./state.ts";
import { StatusCache, type SupervisorStatus } from "./status.ts";
import { isSameRun } from "./same-run.ts";
import { spawnSupervised } from "./spawn-supervised.ts";
import { reasonToDrain, Stops } from "./stops.ts";
import type { StopReason, SupervisedProcess } from "./supervised-process.ts";
import { TemplateEvents } from "./template-events.ts";
import { stimulusOf, type Verdict } from "./verdict.ts";

/** Keeps the wanted number of processes of one template running. */
export class Supervisor {
  /** Counters of the template. Only the supervisor and its processes write them. */
  readonly meter = new Meter();
  readonly #context: SupervisorContext;
  readonly #events: TemplateEvents;
  readonly ranks = new RankCounter();
  readonly #population: Population;
  readonly #changes = new Changes();
  readonly #statuses = new StatusCache();
  readonly #restarts: Restarts;
  readonly #stops: Stops;
  readonly #spawnLoop = new SpawnLoop({
    isMissing: () => this.#state === "starting" && this.#restarts.mayFill(this.#wanted - this.#population.size),
    prepare: () => this.prepare(),
    spawn: () => this.#spawnOne(),
    onDone: () => this.#settle(),
  });
  readonly #rolling = new RollingRestarts({
    isWantedUp: () => isWantedUp(this.#state),
    refill: async () => {
      this.#apply("vacated");
      await this.#changes.until(() => this.#state !== "starting");
    },
    filled: () => this.filled(),
    stop: (process) => this.stopProcess(process, "restart"),
  });
  #template: ProcessTemplate;
  #state: SupervisorState = "stopped";
  /** Why the template is not running, while it is not. */
  #reason = "it has not been started";
  #isRetired = false;

  constructor(template: ProcessTemplate, context: SupervisorContext) {
    this.#template = template;
    this.#context = context;
    this.#population = new Population(context.memory);
    this.#events = new TemplateEvents(context.bus, template.name);
    this.#stops = new Stops({
      population: this.#population,
      events: this.#events,
      onChange: () => this.#changes.notify(),
      onGivenUp: () => isWantedUp(this.#state) && this.#apply("vacated"),
    });
    this.#restarts = new Restarts({
      context,
      name: template.name,
      onDue: () => this.#apply("retry"),
      onChange: () => this.#changes.notify(),
    });
  }

  /** The current settings, with the current `numprocesses`. New processes are spawned from them. */
  get template(): ProcessTemplate {
    return this.#template;
  }

  /** The processes that have not exited, ascending by id. */
  get processes(): readonly SupervisedProcess[] {
    return this.#population.alive;
  }

  /** The last processes that exited, oldest exit first. Their output is still kept. */
  get exits(): readonly SupervisedProcess[] {
    return this.#population.exits;
  }

  /** Totals of the exited processes that are no longer kept. */
  get dropped() {
    return this.#population.dropped;
  }

  /** True after `retire`: all processes have exited, and no other will follow. */
  get isRetired(): boolean {
    return this.#isRetired;
  }

  /** The number of listeners, including callers that wait for a change. */
  get listenerCount(): number {
    return this.#changes.listenerCount;
  }

  /** The number of listeners added with `onChange`. */
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
      reason: this.#state === "running" ? this.#restarts.problem : this.#reason,
    });
  }

  find(id: number): SupervisedProcess | undefined {
    return this.#population.find(id);
  }

  /** Calls `listener` after every change of state or processes. Returns a function that unsubscribes. */
  onChange(listener: () => void): () => void {
    return this.#changes.subscribe(listener);
  }

  /** Looks up the user, so that `start` or `update` need not wait for it. Undefined if it is known. Never rejects. */
  prepare(template = this.#template): Promise<void> | undefined {
    return prepareUser(template);
  }

  /** Throws `spawn_failed` unless the failure is temporary. The template is then `fatal`, or is retried with `backoff`. */
  start(): void {
    this.#apply("start");
    this.#spawnLoop.spawnFirst();
    const { failure } = this.#restarts;
    if (failure !== undefined && failure.details?.["transient"] !== true) throw failure;
  }

  /** Resolves when all missing processes were spawned (some may have exited by then), or none may be spawned now. */
  async filled(): Promise<void> {
    const enough = this.meter.spawns + this.#wanted - this.#population.running.length;
    await this.#changes.until(() => this.#state !== "starting" || this.meter.spawns >= enough);
  }

  /** `reason` is what `status` shows. Resolves when no process is left, or only processes that survived SIGKILL. */
  async stop(reason = "it was stopped"): Promise<void> {
    if (isWantedUp(this.#state)) this.#reason = reason;
    this.#apply("stop");
    await this.#changes.until(() => this.#state !== "stopping" || this.#population.isUnkillable);
  }

  /** Call when no process will follow. Readers then end after the output that is still kept. */
  retire(): void {
    this.#isRetired = true;
    this.#population.retire();
    this.#changes.notify();
  }

  /** Sends SIGKILL to all processes that are left, except detached ones. */
  kill(): void {
    for (const process of [...this.#population.supervised, ...this.#population.unfinished]) process.kill();
  }

  /** Changes `numprocesses` by `delta`, to 0 at least. Resolves to the new number when that many processes run. */
  async scale(delta: number): Promise<number> {
    const numprocesses = Math.max(0, this.#template.numprocesses + delta);
    this.#template = { ...this.#template, numprocesses };
    this.#apply("resized");
    const reaped = this.processes.filter(({ stopReason }) => stopReason === "reap");
    await Promise.all([this.filled(), ...reaped.map((process) => process.gone())]);
    return numprocesses;
  }

  /**
   * Replaces the settings, then the running processes, one at a time. With `keepSame`, processes that the new settings do
   * not change keep running. Throws `spawn_failed`, and changes nothing, if the new settings cannot be spawned.
   */
  async update(template: ProcessTemplate, { keepSame = false } = {}): Promise<void> {
    assertLaunchable(template);
    this.#template = template;
    this.#events.requested("update");
    const { running } = this.#population;
    const old = keepSame ? running.filter((process) => !isSameRun(process.template, template)) : running;
    if (isWantedUp(this.#state) && (running.length === 0 || this.#state === "backoff")) this.#apply("start");
    this.#apply("resized");
    await this.#rolling.replace(old, { spawnFirst: false });
  }

  /** Replaces the running processes, one at a time (`rolling-restart.ts`). Starts the template if it does not run. */
  async restart(options: { spawnFirst: boolean }): Promise<void> {
    this.#events.requested("restart");
    const old = this.#population.running;
    this.start();
    await this.#rolling.replace(old, options);
  }

  /** Stops one process. It is replaced if it is still wanted. Resolves when it is `gone`. */
  stopProcess(process: SupervisedProcess, reason: StopReason = "stop"): Promise<void> {
    this.#stops.begin([process], reason);
    return process.gone();
  }

  get #wanted(): number {
    return this.#template.numprocesses + this.#rolling.surplus - this.#restarts.ended;
  }

  #apply(stimulus: Stimulus): void {
    if (isRequest(stimulus)) this.#stops.noteRequest();
    const { state, effects } = transitions[this.#state][stimulus];
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.#changes.notify();
  }

  #perform(effect: Effect): void {
    switch (effect) {
      case "reset":
        return this.#restarts.reset();
      case "publish-start":
        return this.#events.requested("start");
      case "publish-stop":
        this.#restarts.endLoop(this.#reason);
        return this.#events.requested("stop");
      case "notify-given-up":
        this.#restarts.endLoop("it was given up");
        return this.#context.gaveUp(this.#template, this.#reason);
      case "fill":
        return this.#spawnLoop.begin();
      case "reap":
        return this.#reap();
      case "drain":
        this.#restarts.cancelWaits();
        this.#stops.begin([...this.#population.supervised], reasonToDrain(this.#state));
        return this.#checkEmpty();
      case "cancel-retry":
        return this.#restarts.cancelRetry();
    }
  }

  /** Leaves the state `starting` if no more processes can be spawned now. */
  #settle(): void {
    if (this.#state !== "starting") return;
    const stimulus = this.#restarts.settled(this.#wanted - this.#population.runningCount);
    if (stimulus !== undefined) this.#apply(stimulus);
    this.#checkEmpty();
  }

  /** Removes slots that wait first, so that running processes are kept, then stops the processes in the highest slots. */
  #reap(): void {
    const kept = Math.max(0, this.#wanted);
    this.#restarts.dropWaits(this.#population.runningCount + this.#restarts.waitingCount - kept);
    const extra = this.#population.highest(this.#population.runningCount - kept);
    this.#stops.begin(extra, "reap");
    for (const { slot } of extra) this.#restarts.removed(slot);
  }

  #spawnOne(): void {
    const shared = { counter: this.ranks, meter: this.meter, context: this.#context };
    const slot = this.#restarts.takeSlot();
    const process = spawnSupervised(this.#template, slot, shared);
    if (process instanceof GafferdError) return this.#follow(this.#restarts.spawnFailed(this.#template, process, slot));
    this.#restarts.spawned(process);
    this.#population.add(process, {
      onExit: (exit) => this.#exited(process, exit),
      onFinished: () => (this.#checkEmpty(), this.#changes.notify()),
    });
    this.#changes.notify();
    this.#events.spawned(process);
  }

  #exited(process: SupervisedProcess, exit: ProcessExit): void {
    this.meter.countExit(exit.status);
    this.#changes.notify();
    this.#events.exited(process, exit.status);
    const isUnexpected = process.stopReason === undefined && isWantedUp(this.#state);
    const verdict = this.#restarts.exited(this.#template, process, exit, { isUnexpected });
    if (verdict === undefined) this.#apply("vacated");
    else this.#follow(verdict);
    this.#checkEmpty();
    this.#context.exited?.(process, verdict);
  }

  #follow(verdict: Verdict): void {
    // A respawn does not replace the reason why another slot is waiting.
    if (verdict.kind !== "respawn") this.#reason = verdict.reason;
    this.meter.countVerdict(verdict.kind);
    this.#apply(stimulusOf[verdict.kind]);
    this.#events.decided(verdict);
  }

  #checkEmpty(): void {
    const { unfinished, supervised } = this.#population;
    const isDone = isWantedUp(this.#state) ? this.#restarts.ended > 0 && this.#wanted <= 0 : unfinished.size === 0;
    if (!isDone || supervised.size > 0) return;
    this.#apply("emptied");
    this.#restarts.endLoop(this.#reason);
  }
}
