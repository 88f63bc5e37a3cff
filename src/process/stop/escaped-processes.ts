import { GafferdError } from "../../errors.ts";
import { environOf } from "../environ.ts";
import { withDescendants } from "./descendants.ts";
import { signalOne } from "./group.ts";
import { ownMarkersIn } from "./marker.ts";
import { libc } from "../libc.ts";
import { addToMultimap } from "../multimap.ts";
import { isAlive, type ProcStat, procStatOf } from "../proc-stat.ts";
import { isChildOfAnother, onOrphanReaped, orphans, receivesOrphans } from "./subreaper.ts";

/** The key in `byMarker` of orphans that have no marker, or whose environment cannot be read. */
export const unmarked = "";

export interface EscapedProcessesOptions {
  /** Selects orphans from a snapshot. */
  readonly select: (snapshot: OrphanSnapshot) => Iterable<number>;
  /** The process that started them. Members of its process group do not count as escaped. */
  readonly leader?: {
    readonly osPid: number;
    /** The leader is not reaped, so its pid still belongs to it. */
    readonly isUnreaped: () => boolean;
  };
}

/**
 * The descendants of a process that have left its process group: they started a new session, or they lost their parent and
 * became orphans.
 */
export class EscapedProcesses {
  readonly #options: EscapedProcessesOptions;
  /** The start time of each process, by pid. */
  #known = new Map<number, number>();
  /** The start time of each process that was sent the current signals, by pid. */
  #signalled = new Map<number, number>();
  #signals: readonly number[] = [];
  /** The number of scans in a row that found no process. */
  #emptyScans = 0;

  constructor(options: EscapedProcessesOptions) {
    this.#options = options;
  }

  /** The processes that were running at the last scan. */
  get osPids(): readonly number[] {
    return [...this.#known.keys()];
  }

  /** Sends the signals to all escaped processes, and later to each one that a scan finds. */
  signal(...signalNumbers: number[]): void {
    this.#signals = signalNumbers;
    this.#signalled.clear();
    // If the leader has exited, `sweep` scans for this and other leaders together.
    ignoreOverload(() => (this.#options.leader?.isUnreaped() ? this.scan(recentSnapshot()) : this.#sendSignals()));
  }

  /** Finds the escaped processes while the leader is still their ancestor. Sends the current signals to new ones. */
  refresh(): void {
    ignoreOverload(() => this.scan(recentSnapshot()));
  }

  /** Resolves when no escaped process is running. Call once, after the leader has exited. */
  async whenGone(): Promise<void> {
    // Without a subreaper, only the processes that were seen before can be found.
    if (!receivesOrphans() && this.#known.size === 0) return;
    return new Promise((resolve) => {
      waiting.set(this, resolve);
      sweepSoon();
    });
  }

  /** Finds the escaped processes and sends the current signals to new ones. Returns whether there may be others by now. */
  scan(snapshot: OrphanSnapshot = takeSnapshot()): boolean {
    const { select, leader } = this.#options;
    const roots = [...select(snapshot)];
    for (const [osPid, startTicks] of this.#known) {
      if (procStatOf(osPid)?.startTicks === startTicks) roots.push(osPid);
    }
    if (leader?.isUnreaped()) roots.push(leader.osPid);
    const isInGroup = ({ groupId, sessionId }: ProcStat) => groupId === leader?.osPid && sessionId === leader.osPid;
    const tree = withDescendants(roots);
    const found = [...tree].filter(([, stat]) => isAlive(stat) && !isInGroup(stat));
    // A process that has ended since the snapshot may have a child that only the next snapshot shows.
    const hasEnded = [...this.#known.keys(), ...roots].some((osPid) => !isRunning(tree.get(osPid)));
    this.#known = new Map(found.map(([osPid, { startTicks }]) => [osPid, startTicks]));
    this.#emptyScans = found.length === 0 && !hasEnded ? this.#emptyScans + 1 : 0;
    return this.#sendSignals() || hasEnded;
  }

  /**
   * Whether the last scans, of which `snapshot` is the newest, prove that no process is running. An orphan that forked and
   * exited during a snapshot hides its child, which becomes an orphan only in the next one.
   */
  areGone({ isSettled, hasUnclear }: OrphanSnapshot): boolean {
    return this.#emptyScans > 0 && !hasUnclear && (isSettled || this.#emptyScans >= maxEmptyScans);
  }

  /** Returns whether a signal was sent. */
  #sendSignals(): boolean {
    let isAnyNew = false;
    for (const [osPid, startTicks] of this.#known) {
      if (this.#signals.length === 0 || this.#signalled.get(osPid) === startTicks) continue;
      if (procStatOf(osPid)?.startTicks !== startTicks) continue;
      this.#signalled.set(osPid, startTicks);
      isAnyNew = true;
      for (const signalNumber of this.#signals) signalOne(osPid, signalNumber);
    }
    return isAnyNew;
  }
}

function isRunning(stat: ProcStat | undefined): boolean {
  return stat !== undefined && isAlive(stat);
}

/** The running orphans at one moment, by the markers in their environment and by their session. */
export interface OrphanSnapshot {
  readonly byMarker: ReadonlyMap<string, readonly number[]>;
  readonly bySession: ReadonlyMap<number, readonly number[]>;
  /** No orphan exited between the snapshot before and this one. */
  readonly isSettled: boolean;
  /** An orphan was ending or loading another program, so that its marker could not be read. */
  readonly hasUnclear: boolean;
}

/** The orphans in the session that `leader` leads, and those that carry `marker`. */
export function orphansOf(snapshot: OrphanSnapshot, { leader, marker }: { leader: number; marker: string }): number[] {
  return [...(snapshot.byMarker.get(marker) ?? []), ...(snapshot.bySession.get(leader) ?? [])];
}

const [shortestSweepMs, longestSweepMs] = [5, 100];
const maxRounds = 10;
/** The time after which the next round waits for the next turn of the event loop. */
const turnMs = 5;
/** If unrelated orphans exit all the time, no snapshot is settled. This many empty scans prove that no process is running. */
const maxEmptyScans = 10;

/** All pending `whenGone` calls. One snapshot of the orphans serves all of them. */
const waiting = new Map<EscapedProcesses, () => void>();
let sweepMs = 0;
let timer: Timer | undefined;
/** The rounds of the sweep that is running, and their time. */
let [rounds, roundsMs] = [0, 0];
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
  // Repeat without a pause: processes that fork all the time would outrun a slower loop.
  let mayBeMore: boolean;
  do {
    mayBeMore = false;
    ignoreOverload(() => (mayBeMore = resolveGone(takeSnapshot())));
    rounds += 1;
  } while (mayBeMore && rounds < maxRounds && performance.now() - startMs < turnMs);
  roundsMs += performance.now() - startMs;
  if (mayBeMore && rounds < maxRounds && waiting.size > 0) sweepMs = 0;
  else {
    // However many orphans there are, the sweeps take at most a fifth of the time.
    const pauseMs = mayBeMore ? shortestSweepMs : Math.min(sweepMs * 2, longestSweepMs);
    sweepMs = Math.max(shortestSweepMs, pauseMs, 4 * roundsMs);
    rounds = roundsMs = 0;
  }
  if (waiting.size > 0) timer = setTimeout(sweep, sweepMs);
}

/** Resolves the waits whose processes have all exited. Returns whether there may be processes that were not found yet. */
function resolveGone(snapshot: OrphanSnapshot): boolean {
  let isAnyNew = false;
  for (const [escaped, resolve] of waiting) {
    if (escaped.scan(snapshot)) isAnyNew = true;
    if (!escaped.areGone(snapshot)) continue;
    waiting.delete(escaped);
    resolve();
  }
  return isAnyNew || ((!snapshot.isSettled || snapshot.hasUnclear) && waiting.size > 0);
}

/** Ignores the error that no file descriptor is free to read `/proc`. The next sweep tries again. */
function ignoreOverload(scan: () => void): void {
  try {
    scan();
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
  }
}

/** Returns the last snapshot if it is less than 5 ms old, so that processes stopped at the same time share one. */
function recentSnapshot(): OrphanSnapshot {
  return last !== undefined && performance.now() - last.atMs < shortestSweepMs ? last.snapshot : takeSnapshot();
}

/**
 * The orphans that were zombies at the last snapshot, by pid, with their start times. The time is undefined if only gafferd
 * reaps the orphan: it stays the same process until then.
 */
let zombies = new Map<number, number | undefined>();
onOrphanReaped((osPid) => zombies.delete(osPid));
/** When each orphan was first seen with an environment that could not be read yet, by pid and start time. */
let unclear: ReadonlyMap<string, number> = new Map();
/** An orphan that takes longer to end waits in the kernel, for example for a disk. Nothing waits for it. */
const maxUnclearMs = 1000;

function takeSnapshot(): OrphanSnapshot {
  const byMarker = new Map<string, number[]>();
  const bySession = new Map<number, number[]>();
  const zombiesBefore = zombies;
  const zombiesNow: typeof zombies = new Map();
  const unclearNow = new Map<string, number>();
  const nowMs = performance.now();
  // The newest first: it is the one that may fork and exit before it is looked at.
  for (const osPid of orphans().toReversed()) {
    // There may be thousands of zombies, and a read from `/proc` takes ten times as long as these calls.
    if (libc().isZombie?.(osPid) === true && isChildOfAnother(osPid)) {
      zombiesNow.set(osPid, undefined);
      continue;
    }
    const stat = procStatOf(osPid);
    if (stat === undefined) continue;
    if (!isAlive(stat)) {
      zombiesNow.set(osPid, stat.startTicks);
      continue;
    }
    addToMultimap(bySession, stat.sessionId, osPid);
    const environ = environOf(osPid);
    if (environ === undefined) {
      const identity = `${osPid} ${stat.startTicks}`;
      unclearNow.set(identity, unclear.get(identity) ?? nowMs);
    }
    const markers = ownMarkersIn(environ ?? "");
    for (const marker of markers.length === 0 ? [unmarked] : markers) addToMultimap(byMarker, marker, osPid);
  }
  zombies = zombiesNow;
  const isSettled = [...zombiesNow].every(
    ([osPid, startTicks]) => zombiesBefore.has(osPid) && zombiesBefore.get(osPid) === startTicks,
  );
  unclear = unclearNow;
  const hasUnclear = [...unclearNow.values()].some((firstMs) => nowMs - firstMs < maxUnclearMs);
  const snapshot = { byMarker, bySession, isSettled, hasUnclear };
  last = { snapshot, atMs: performance.now() };
  return snapshot;
}
