import type { RunEnder } from "../documents/run-schemas.ts";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { inputUnits } from "../manager/input.ts";
import type { Manager } from "../manager/manager.ts";
import type { SupervisedProcess } from "../manager/views.ts";
import { assertLaunchable, prepareUser } from "../process/process.ts";
import { inSlices } from "../slices.ts";
import { maxDurationMs } from "../template/duration.ts";
import { Expiry } from "./expiry.ts";
import { KeptRuns, type RunStore } from "./kept-runs.ts";
import { type CanonicalSettings, firstDifference, type RunSettings } from "./run-settings.ts";
import { Run } from "./run.ts";
import type { RunLeases } from "./run-leases.ts";

export interface RunsOptions {
  readonly manager: Manager;
  readonly log: Logger;
  /** Default: leases of runs have no effect. */
  readonly leases?: RunLeases;
  /** Called with the name of its process when a run has ended and all its output has arrived. */
  readonly onEnd?: (name: string) => void;
  /** How many runs are kept. Default 10,000. */
  readonly maxRuns?: number;
}

const defaultMaxRuns = 10_000;
/** With `kill_mode = process`, what the process has started may hold its output open. */
const openOutputMs = 200;

/** The runs: processes that are started once, under ids that their callers chose. */
export class Runs {
  readonly #options: RunsOptions;
  readonly #kept: KeptRuns;
  /** In the order in which they were started. */
  readonly #runs = new Map<string, Run>();
  /** Those that have ended, oldest end first. */
  readonly #over = new Set<Run>();
  readonly #removals = new Map<Run, Promise<void>>();
  readonly #expiry = new Expiry((run) => void this.#forget(run));
  /** Counters since gafferd was started. */
  readonly counts: { started: number; readonly ended: Record<RunEnder, number> } = {
    started: 0,
    ended: { itself: 0, timeout: 0, request: 0, lease: 0, shutdown: 0 },
  };

  constructor(options: RunsOptions) {
    this.#options = options;
    this.#kept = new KeptRuns(options.log);
  }

  /** Reads the runs of an earlier gafferd, and keeps runs on disk from now on. Those that had not ended are lost. */
  open(store: RunStore): void {
    for (const { id, facts, ...row } of this.#kept.open(store)) {
      const isKnown = facts.exit !== undefined || facts.lostReason !== undefined;
      const lost = { ...facts, lostReason: toLostReason(facts.osPid), endedAtMs: Date.now() };
      const run = new Run(id, row, isKnown ? facts : lost);
      this.#runs.set(id, run);
      this.#over.add(run);
      this.#expiry.add(run);
      if (!isKnown) void this.#kept.save(run);
    }
  }

  /** In the order in which they were started. */
  list(): readonly Run[] {
    return [...this.#runs.values()];
  }

  /** Resolves to the run when it has been started. Throws `not_found`, also if it could not be started. */
  async get(id: string): Promise<Run> {
    const run = this.#runs.get(id);
    const isStarted = await run?.started.then(
      () => true,
      () => false,
    );
    if (run !== undefined && isStarted === true) return run;
    throw new GafferdError("not_found", `there is no run \`${id}\`: it was never started, or is no longer kept`, {
      field: "id",
    });
  }

  /**
   * Starts a run, or returns the one that exists. Its id is on disk before its process is started. Throws `conflict` with the
   * `field` if the one that exists has other settings, `spawn_failed`, and `overloaded`.
   */
  async start(id: string, settings: RunSettings): Promise<{ readonly run: Run; readonly existing: boolean }> {
    const known = this.#runs.get(id);
    if (known !== undefined) {
      this.#assertSame(known, settings);
      await known.started;
      return { run: known, existing: true };
    }
    this.#assertOpen();
    this.#makeRoom();
    const run = new Run(id, { settings: JSON.stringify(settings.canonical), keepMs: settings.keepMs });
    this.#runs.set(id, run);
    try {
      await this.#begin(run, settings);
    } catch (error) {
      void this.#forget(run);
      run.fail(error);
      throw error;
    }
    return { run, existing: false };
  }

  /** Stops a run. Resolves when nothing of it runs any more, or if its process survives SIGKILL. */
  async stop(run: Run, ender: RunEnder): Promise<void> {
    const { hosted } = run;
    if (hosted === undefined || run.isOver) return;
    run.stoppedFor(ender);
    const { supervisor, process } = hosted;
    const stopped = supervisor.stop().then(() => (process.exit === undefined ? undefined : run.ended));
    await Promise.race([run.ended, stopped]);
  }

  /** Sends a signal. Throws `gone` if it has ended, and `forbidden`. */
  signal(run: Run, signalNumber: number, options: { group?: boolean }): void {
    const { id, hosted } = run;
    if (hosted === undefined || hosted.process.exit !== undefined) throw hasEnded(id, "signal");
    hosted.process.signal(signalNumber, options);
  }

  /**
   * Stops a run and forgets it. Resolves to false if there is none with this id. A second call joins the first. Throws `conflict`
   * if its process survives SIGKILL.
   */
  async remove(id: string): Promise<boolean> {
    const run = this.#runs.get(id);
    if (run === undefined) return false;
    let removal = this.#removals.get(run);
    if (removal === undefined) {
      removal = this.#remove(run).finally(() => this.#removals.delete(run));
      this.#removals.set(run, removal);
    }
    await removal;
    return true;
  }

  /** Call before the manager stops all processes. */
  shutdown(): void {
    for (const run of this.#runs.values()) run.stoppedFor("shutdown");
  }

  /** Resolves when everything is written and the store is released. Runs that have not ended will be lost. */
  async close(): Promise<void> {
    this.#expiry.close();
    await this.#kept.close();
  }

  async #begin(run: Run, { template, stdin, timeoutMs }: RunSettings): Promise<void> {
    await prepareUser(template);
    if (!(await this.#kept.reserve(run))) {
      const advice = "free space in `state_dir`, or see the log";
      throw new GafferdError("overloaded", `cannot start run \`${run.id}\`: its id cannot be kept on disk; ${advice}`);
    }
    // Hundreds may be reserved at the same time.
    await inSlices(() => {
      this.#assertOpen();
      // A failure that the caller learns of needs no line in the log.
      assertLaunchable(template);
      run.begin(this.#options.manager.runs.start(template));
      return false;
    });
    this.counts.started += 1;
    const process = run.hosted!.process;
    if (stdin !== undefined) void feed(process, stdin);
    const stop = () => void this.stop(run, "timeout");
    const timer = timeoutMs === undefined ? undefined : setTimeout(stop, timeoutMs);
    this.#options.leases?.begin(run, template, () => this.stop(run, "lease"));
    this.#kept.update(run);
    void this.#follow(run, process, timer);
  }

  async #follow(run: Run, process: SupervisedProcess, timer: NodeJS.Timeout | undefined): Promise<void> {
    await process.exited;
    clearTimeout(timer);
    this.#options.leases?.noteExit(run);
    // Soon, in case that gafferd is killed before the output has ended.
    this.#kept.update(run);
    await (process.template.killMode === "process"
      ? Promise.race([process.gone(), Bun.sleep(openOutputMs)])
      : process.gone());
    // With survivors of SIGKILL, it may still run.
    await this.#kept.save(run);
    run.end();
    this.#options.onEnd?.(process.template.name);
    this.#over.add(run);
    this.#expiry.add(run);
    const { exit } = run.facts;
    if (exit !== undefined) this.counts.ended[exit.endedBy] += 1;
  }

  async #remove(run: Run): Promise<void> {
    try {
      await run.started;
    } catch {
      return; // It is forgotten already.
    }
    await this.stop(run, "request");
    if (!run.isOver)
      throw new GafferdError("conflict", `run \`${run.id}\` is not deleted: its process survives SIGKILL`);
    await this.#forget(run);
  }

  /** Resolves when it is no longer on disk. */
  async #forget(run: Run): Promise<void> {
    this.#over.delete(run);
    this.#expiry.remove(run);
    this.#options.leases?.forget(run.id);
    if (run.hosted !== undefined) this.#options.manager.runs.remove(run.hosted.supervisor);
    if (this.#runs.get(run.id) !== run) return;
    this.#runs.delete(run.id);
    await this.#kept.forget(run.id);
  }

  #assertSame(run: Run, { canonical }: RunSettings): void {
    if (this.#removals.has(run)) {
      throw new GafferdError("conflict", `run \`${run.id}\` is being deleted; wait until it has ended`);
    }
    const field = firstDifference(canonical, JSON.parse(run.settings) as CanonicalSettings);
    if (field === undefined) return;
    const advice = "choose another id, or DELETE it first";
    throw new GafferdError("conflict", `run \`${run.id}\` exists with another \`${field}\`; ${advice}`, { field });
  }

  #assertOpen(): void {
    if (!this.#options.manager.isClosed) return;
    throw new GafferdError("overloaded", "gafferd is stopping and starts no runs");
  }

  #makeRoom(): void {
    const { maxRuns = defaultMaxRuns } = this.#options;
    if (this.#runs.size < maxRuns) return;
    const [oldest] = this.#over;
    if (oldest !== undefined) return void this.#forget(oldest);
    throw new GafferdError("overloaded", `cannot start another run: ${maxRuns} are running; stop some, or wait`);
  }
}

/** `gone`: the run has ended. */
export function hasEnded(id: string, verb: string): GafferdError {
  return new GafferdError("gone", `cannot ${verb} run \`${id}\`: it has ended; GET /runs/${id} says how`);
}

/** Writes the whole input of a run, however long its process takes to read it. */
async function feed({ stdin }: SupervisedProcess, input: Uint8Array): Promise<void> {
  try {
    for (const unit of inputUnits(input)) await stdin?.write(unit, { timeoutMs: maxDurationMs });
  } catch {
    // It has closed its stdin, or ended, before it read everything.
  }
  stdin?.close();
}

function toLostReason(osPid: number | undefined): string {
  const when = osPid === undefined ? "while it started the process" : `while process ${osPid} was running`;
  return `gafferd was killed, or the machine went down, ${when}; the exit status was not recorded`;
}
