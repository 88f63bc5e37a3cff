import { groupMembers, signalGroup, signalOne } from "../process/stop/group.ts";
import { isStillRunning, procStatOf } from "../process/proc-stat.ts";
import { describeSurvivors, identify } from "../process/stop/survivors.ts";
import { parseSignal } from "../template/signals.ts";
import type { RunEntry } from "./run-format.ts";

const [terminate, kill, continueSignal] = [15, 9, parseSignal("SIGCONT").number];
const defaultGraceMs = 10_000;

/** A process that an earlier gafferd left running, with its descendants. It is known from a run file, or by its marker. */
export class Leftover {
  readonly gracefulTimeoutMs: number;
  readonly #entry: Partial<RunEntry> & Pick<RunEntry, "marker">;
  /** The last signal that was sent to each process or process group, by its id. */
  readonly #lastSignals = new Map<number, number>();
  #isLeaderRunning = false;
  /** The start times of the group members that were seen while the leader was running, by pid. */
  readonly #members = new Map<number, number>();
  #others: readonly number[] = [];

  constructor(entry: Partial<RunEntry> & Pick<RunEntry, "marker">) {
    this.#entry = entry;
    this.gracefulTimeoutMs = entry.gracefulTimeoutMs ?? defaultGraceMs;
  }

  /** Updates the running processes and returns whether there are any. `byMarker` has the pids of all marked processes. */
  refresh(byMarker: ReadonlyMap<string, readonly number[]>): boolean {
    const { osPid, startTicks, marker } = this.#entry;
    this.#isLeaderRunning = osPid !== undefined && isStillRunning({ osPid, startTicks });
    if (this.#isLeaderRunning && osPid !== undefined) this.#recordMembers(osPid);
    const others = this.#stopsLeaderOnly ? [] : [...(byMarker.get(marker) ?? []), ...this.#runningMembers()];
    this.#others = [...new Set(others)].filter((each) => each !== osPid);
    return this.#isLeaderRunning || this.#others.length > 0;
  }

  /** Sends the stop signal, according to `kill_mode`, to processes that did not get it yet, and SIGKILL after the timeout. */
  signal(elapsedMs: number): void {
    const { osPid = 0, killMode, stopSignalNumber = terminate } = this.#entry;
    const isTimedOut = elapsedMs >= this.gracefulTimeoutMs;
    const signalNumber = isTimedOut ? kill : stopSignalNumber;
    const send = (id: number, signal: typeof signalOne) => {
      if (this.#lastSignals.get(id) === signalNumber) return;
      this.#lastSignals.set(id, signalNumber);
      signal(id, signalNumber);
      if (!isTimedOut) signal(id, continueSignal);
    };
    const toGroup = !this.#stopsLeaderOnly && (killMode === "group" || isTimedOut);
    const inGroup = (each: number) => procStatOf(each)?.groupId === osPid;
    if (!this.#isLeaderRunning) for (const other of this.#others) send(other, signalOne);
    else {
      if (toGroup) for (const other of this.#others) if (!inGroup(other)) send(other, signalOne);
      send(osPid, toGroup ? signalGroup : signalOne);
    }
  }

  /** No signal was sent yet. */
  get isUnsignalled(): boolean {
    return this.#lastSignals.size === 0;
  }

  /** The name of its template, or `unlisted`. */
  get name(): string {
    return this.#entry.name ?? "unlisted";
  }

  /** `sleep (4711, state S)` */
  describe(): string {
    const osPids = [...(this.#isLeaderRunning ? [this.#entry.osPid ?? 0] : []), ...this.#others];
    return describeSurvivors(identify(osPids));
  }

  /** Whether only the leader is stopped. Its descendants are configured to keep running. */
  get #stopsLeaderOnly(): boolean {
    return this.#entry.killMode === "process" && this.#entry.onHostExit === "keep";
  }

  #recordMembers(leader: number): void {
    for (const osPid of groupMembers(leader)) {
      const stat = procStatOf(osPid);
      if (stat !== undefined) this.#members.set(osPid, stat.startTicks);
    }
  }

  #runningMembers(): number[] {
    return [...this.#members.keys()].filter((osPid) => {
      return isStillRunning({ osPid, startTicks: this.#members.get(osPid) });
    });
  }
}
