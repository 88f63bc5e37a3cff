import { groupMembers, signalGroup, signalOne } from "../process/stop/group.ts";
import { isAlive, procStatOf } from "../process/proc-stat.ts";
import { describeSurvivors, identify } from "../process/stop/survivors.ts";
import { parseSignal } from "../template/signals.ts";
import type { RunEntry } from "./run-format.ts";

const [terminate, kill, proceed] = [15, 9, parseSignal("SIGCONT").number];
const defaultGraceMs = 10_000;

/** A process that an earlier gafferd left, with what it started: known from the list, or by its marker alone. */
export class Leftover {
  readonly gracefulTimeoutMs: number;
  readonly #entry: Partial<RunEntry> & Pick<RunEntry, "marker">;
  /** What was sent last, by whom it was sent to. */
  readonly #told = new Map<number, number>();
  #leaderIsThere = false;
  /** When those of the leader's group began that were seen while it lived. */
  readonly #members = new Map<number, number>();
  #others: readonly number[] = [];

  constructor(entry: Partial<RunEntry> & Pick<RunEntry, "marker">) {
    this.#entry = entry;
    this.gracefulTimeoutMs = entry.gracefulTimeoutMs ?? defaultGraceMs;
  }

  /** Whether any of it lives. `marked` is who carries which marker now. */
  look(marked: ReadonlyMap<string, readonly number[]>): boolean {
    const { osPid, startTicks, marker } = this.#entry;
    const leader = osPid === undefined ? undefined : procStatOf(osPid);
    this.#leaderIsThere = leader !== undefined && isAlive(leader) && leader.startTicks === startTicks;
    if (this.#leaderIsThere && osPid !== undefined) this.#noteMembers(osPid);
    const others = this.#isAlone ? [] : [...(marked.get(marker) ?? []), ...this.#livingMembers()];
    this.#others = [...new Set(others)].filter((each) => each !== osPid);
    return this.#leaderIsThere || this.#others.length > 0;
  }

  /** Sends the stop signal as its `kill_mode` says to those that did not get it yet, and SIGKILL to all after the grace. */
  push(elapsedMs: number): void {
    const { osPid = 0, killMode, stopSignalNumber = terminate } = this.#entry;
    const isOver = elapsedMs >= this.gracefulTimeoutMs;
    const signalNumber = isOver ? kill : stopSignalNumber;
    const send = (id: number, signal: typeof signalOne) => {
      if (this.#told.get(id) === signalNumber) return;
      this.#told.set(id, signalNumber);
      signal(id, signalNumber);
      if (!isOver) signal(id, proceed);
    };
    const isForGroup = !this.#isAlone && (killMode === "group" || isOver);
    const inGroup = (each: number) => procStatOf(each)?.groupId === osPid;
    if (!this.#leaderIsThere) for (const other of this.#others) send(other, signalOne);
    else {
      if (isForGroup) for (const other of this.#others) if (!inGroup(other)) send(other, signalOne);
      send(osPid, isForGroup ? signalGroup : signalOne);
    }
  }

  /** Nothing was sent to any of it yet. */
  get isUntold(): boolean {
    return this.#told.size === 0;
  }

  /** Of its template. */
  get name(): string {
    return this.#entry.name ?? "unlisted";
  }

  /** `sleep (4711, state S)` */
  describe(): string {
    const osPids = [...(this.#leaderIsThere ? [this.#entry.osPid ?? 0] : []), ...this.#others];
    return describeSurvivors(identify(osPids));
  }

  /** What it has started is left alone: it was to live on, and each process is stopped alone. */
  get #isAlone(): boolean {
    return this.#entry.killMode === "process" && this.#entry.onHostExit === "keep";
  }

  #noteMembers(leader: number): void {
    for (const osPid of groupMembers(leader)) {
      const membership = procStatOf(osPid);
      if (membership !== undefined) this.#members.set(osPid, membership.startTicks);
    }
  }

  #livingMembers(): number[] {
    return [...this.#members.keys()].filter((osPid) => {
      const membership = procStatOf(osPid);
      return membership !== undefined && isAlive(membership) && membership.startTicks === this.#members.get(osPid);
    });
  }
}
