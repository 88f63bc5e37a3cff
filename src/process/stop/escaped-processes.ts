import { readFileSync } from "node:fs";
import { GafferdError } from "../../errors.ts";
import { withDescendants } from "./descendants.ts";
import { signalOne } from "./group.ts";
import { ownMarkersIn } from "./marker.ts";
import { tryRead } from "../proc-file.ts";
import { isAlive, type ProcStat, procStatOf } from "../proc-stat.ts";
import { orphans, receivesOrphans } from "./subreaper.ts";

/** Stands for the markers of orphans that have none, or none that can be read. */
export const unmarked = "";

export interface EscapedProcessesOptions {
  /** Which orphans are meant. */
  readonly claim: (snapshot: OrphanSnapshot) => Iterable<number>;
  /** The process that started them. Members of its group are not escaped. */
  readonly leader?: {
    readonly osPid: number;
    /** It was not reaped yet, so its number is still its own. */
    readonly isThere: () => boolean;
  };
}

/** Processes that left the group of the process that started them: they made a session of their own, or lost their parents. */
export class EscapedProcesses {
  readonly #options: EscapedProcessesOptions;
  /** When each began, by its number. */
  #known = new Map<number, number>();
  /** What was sent to each last. */
  #told = new Map<number, number>();
  #signals: readonly number[] = [];
  /** How many looks in a row found none. */
  #emptyLooks = 0;

  constructor(options: EscapedProcessesOptions) {
    this.#options = options;
  }

  /** Those seen alive at the last look. */
  get osPids(): readonly number[] {
    return [...this.#known.keys()];
  }

  /** Sends the signals to all of them, and to those found later. */
  signal(...signalNumbers: number[]): void {
    this.#signals = signalNumbers;
    this.#told.clear();
    // The escaped of a leader that has ended are found together with those of others, in `sweep`.
    unlessOverloaded(() => (this.#options.leader?.isThere() ? this.look(recentSnapshot()) : this.#tell()));
  }

  /** Finds those that live now, while the leader is still their ancestor, and sends them nothing. */
  note(): void {
    unlessOverloaded(() => this.look(recentSnapshot()));
  }

  /** Resolves when none lives any more. To be asked once, when the leader has ended. */
  async whenGone(): Promise<void> {
    // Where none comes to us there are none but those that were seen before.
    if (!receivesOrphans() && this.#known.size === 0) return;
    return new Promise((resolve) => {
      waiting.set(this, resolve);
      sweepSoon();
    });
  }

  /** Finds those that live now, and sends to the new among them what the others were sent. Whether there were such. */
  look(snapshot: OrphanSnapshot = takeSnapshot()): boolean {
    const { claim, leader } = this.#options;
    const roots = [...claim(snapshot)];
    for (const [osPid, startTicks] of this.#known) {
      if (procStatOf(osPid)?.startTicks === startTicks) roots.push(osPid);
    }
    if (leader?.isThere()) roots.push(leader.osPid);
    const isOfGroup = ({ groupId, sessionId }: ProcStat) => groupId === leader?.osPid && sessionId === leader.osPid;
    const members = [...withDescendants(roots)].filter(([, each]) => isAlive(each) && !isOfGroup(each));
    this.#known = new Map(members.map(([osPid, { startTicks }]) => [osPid, startTicks]));
    this.#emptyLooks = this.#known.size === 0 ? this.#emptyLooks + 1 : 0;
    return this.#tell();
  }

  /**
   * Whether the last looks, of which `snapshot` is the newest, prove that there are none. An orphan that forked and ended
   * while the snapshot was made hides its child, which is an orphan only at the next one.
   */
  areGone(snapshot: OrphanSnapshot): boolean {
    return this.#emptyLooks > 0 && (snapshot.isSettled || this.#emptyLooks >= maxEmptyLooks);
  }

  #tell(): boolean {
    let isAnyNew = false;
    for (const [osPid, startTicks] of this.#known) {
      if (this.#signals.length === 0 || this.#told.get(osPid) === startTicks) continue;
      if (procStatOf(osPid)?.startTicks !== startTicks) continue;
      this.#told.set(osPid, startTicks);
      isAnyNew = true;
      for (const signalNumber of this.#signals) signalOne(osPid, signalNumber);
    }
    return isAnyNew;
  }
}

/** Whose the orphans are: those with a marker, and those in a session of ours, by the session's leader. */
export interface OrphanSnapshot {
  readonly byMarker: ReadonlyMap<string, readonly number[]>;
  readonly bySession: ReadonlyMap<number, readonly number[]>;
  /** Every orphan that had ended had already ended at the snapshot before. */
  readonly isSettled: boolean;
}

/** Those of a process that leads the session `leader` and carries `marker`. */
export function orphansOf(snapshot: OrphanSnapshot, { leader, marker }: { leader: number; marker: string }): number[] {
  return [...(snapshot.byMarker.get(marker) ?? []), ...(snapshot.bySession.get(leader) ?? [])];
}

const [shortestSweepMs, longestSweepMs] = [5, 100];
const maxRounds = 10;
/** Where orphans of others end all the time, no snapshot is settled. What so many looks do not find is not there. */
const maxEmptyLooks = 10;

/** All that are waited for. They are looked for together, so that many cost one look at our children. */
const waiting = new Map<EscapedProcesses, () => void>();
let sweepMs = 0;
let timer: Timer | undefined;
let last: { readonly snapshot: OrphanSnapshot; readonly atMs: number } | undefined;

function sweepSoon(): void {
  if (timer !== undefined && sweepMs <= shortestSweepMs) return;
  clearTimeout(timer);
  sweepMs = last !== undefined && performance.now() - last.atMs < shortestSweepMs ? shortestSweepMs : 0;
  timer = setTimeout(sweep, sweepMs);
}

function sweep(): void {
  const startMs = performance.now();
  timer = undefined;
  // What multiplies is overtaken only by who does not pause.
  let areMoreComing = true;
  for (let round = 0; areMoreComing && round < maxRounds; round++) {
    areMoreComing = false;
    unlessOverloaded(() => (areMoreComing = dismissGone(takeSnapshot())));
  }
  if (waiting.size === 0) return;
  // However many there are, looking for them takes at most a fifth of the time.
  const pauseMs = areMoreComing ? shortestSweepMs : Math.min(sweepMs * 2, longestSweepMs);
  sweepMs = Math.max(shortestSweepMs, pauseMs, 4 * (performance.now() - startMs));
  timer = setTimeout(sweep, sweepMs);
}

/** Tells those who have no escaped, and no longer waits for them. Whether escaped came to light, or may have: then more may follow. */
function dismissGone(snapshot: OrphanSnapshot): boolean {
  let isAnyNew = false;
  for (const [escaped, tell] of waiting) {
    if (escaped.look(snapshot)) isAnyNew = true;
    if (!escaped.areGone(snapshot)) continue;
    waiting.delete(escaped);
    tell();
  }
  return isAnyNew || (!snapshot.isSettled && waiting.size > 0);
}

/** When no descriptor is free nobody can say who is there; the next sweep may. */
function unlessOverloaded(look: () => void): void {
  try {
    look();
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
  }
}

/** One that many who are stopped at once share. */
function recentSnapshot(): OrphanSnapshot {
  return last !== undefined && performance.now() - last.atMs < shortestSweepMs ? last.snapshot : takeSnapshot();
}

/** The orphans that had ended at the last snapshot, with the time they began. */
let ended: ReadonlyMap<number, number> = new Map();

function takeSnapshot(): OrphanSnapshot {
  const byMarker = new Map<string, number[]>();
  const bySession = new Map<number, number[]>();
  const endedBefore = ended;
  const endedNow = new Map<number, number>();
  for (const osPid of orphans()) {
    const membership = procStatOf(osPid);
    if (membership === undefined) continue;
    if (!isAlive(membership)) {
      endedNow.set(osPid, membership.startTicks);
      continue;
    }
    add(bySession, membership.sessionId, osPid);
    // Not ours to read where it has become another user and gafferd is not almighty.
    const environ = tryRead(() => readFileSync(`/proc/${osPid}/environ`, "latin1")) ?? "";
    const markers = ownMarkersIn(environ);
    for (const marker of markers.length === 0 ? [unmarked] : markers) add(byMarker, marker, osPid);
  }
  ended = endedNow;
  const isSettled = [...endedNow].every(([osPid, startTicks]) => endedBefore.get(osPid) === startTicks);
  const snapshot = { byMarker, bySession, isSettled };
  last = { snapshot, atMs: performance.now() };
  return snapshot;
}

function add<Key>(lists: Map<Key, number[]>, key: Key, osPid: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [osPid]);
  else list.push(osPid);
}
