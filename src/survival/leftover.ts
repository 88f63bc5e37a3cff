import { signalGroup, signalOne } from "../process/stop/group.ts";
import { isAlive, membershipOf } from "../process/proc-stat.ts";
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
  #others: readonly number[] = [];

  constructor(entry: Partial<RunEntry> & Pick<RunEntry, "marker">) {
    this.#entry = entry;
    this.gracefulTimeoutMs = entry.gracefulTimeoutMs ?? defaultGraceMs;
  }

  /** Whether any of it lives. `marked` is who carries which marker now. */
  look(marked: ReadonlyMap<string, readonly number[]>): boolean {
    const { osPid, startTicks, scope, marker } = this.#entry;
    const leader = osPid === undefined ? undefined : membershipOf(osPid);
    this.#leaderIsThere = leader !== undefined && isAlive(leader) && leader.startTicks === startTicks;
    const others = scope === "one" ? [] : (marked.get(marker) ?? []).filter((each) => each !== osPid);
    this.#others = this.#leaderIsThere ? others.filter((each) => membershipOf(each)?.groupId !== osPid) : others;
    return this.#leaderIsThere || this.#others.length > 0;
  }

  /** Sends the stop signal to who did not hear it yet, and SIGKILL after the grace. Whether it is the first time at all. */
  push(elapsedMs: number): boolean {
    const { osPid = 0, scope, stopSignalNumber = terminate } = this.#entry;
    const isFirst = this.#told.size === 0;
    const isOver = elapsedMs >= this.gracefulTimeoutMs;
    const signalNumber = isOver ? kill : stopSignalNumber;
    const send = (id: number, signal: typeof signalOne) => {
      if (this.#told.get(id) === signalNumber) return;
      this.#told.set(id, signalNumber);
      signal(id, signalNumber);
      if (!isOver) signal(id, proceed);
    };
    for (const other of this.#others) send(other, signalOne);
    if (this.#leaderIsThere) send(osPid, scope === "one" ? signalOne : signalGroup);
    return isFirst;
  }

  /** `web: process 4711`. */
  describe(): string {
    const osPids = [...(this.#leaderIsThere ? [this.#entry.osPid] : []), ...this.#others];
    return `${this.#entry.name ?? "something unlisted"}: ${osPids.length === 1 ? "process" : "processes"} ${osPids.join(", ")}`;
  }
}
