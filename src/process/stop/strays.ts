import { readFileSync } from "node:fs";
import { GafferdError } from "../../errors.ts";
import { withDescendants } from "./descendants.ts";
import { signalOne } from "./group.ts";
import { ownMarkersIn } from "./marker.ts";
import { ifThere } from "../proc-file.ts";
import { isAlive, type Membership, membershipOf } from "../proc-stat.ts";
import { orphans, receivesOrphans } from "./subreaper.ts";

/** Stands for the markers of orphans that have none, or none that can be read. */
export const unmarked = "";

export interface StraysOptions {
  /** Which orphans are meant. */
  readonly claim: (survey: Survey) => Iterable<number>;
  /** The process that started them. Members of its group are not strays. */
  readonly leader?: {
    readonly osPid: number;
    /** It was not reaped yet, so its number is still its own. */
    readonly isThere: () => boolean;
  };
}

/** Processes that left the group of the process that started them: they made a session of their own, or lost their parents. */
export class Strays {
  readonly #options: StraysOptions;
  /** When each began, by its number. */
  #known = new Map<number, number>();
  /** What was sent to each last. */
  #told = new Map<number, number>();
  #signals: readonly number[] = [];
  /** How many looks in a row found none. */
  #emptyLooks = 0;

  constructor(options: StraysOptions) {
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
    // The strays of a leader that has ended are found together with those of others, in `sweep`.
    unlessOverloaded(() => (this.#options.leader?.isThere() ? this.look(recentSurvey()) : this.#tell()));
  }

  /** Finds those that live now, while the leader is still their ancestor, and sends them nothing. */
  note(): void {
    unlessOverloaded(() => this.look(recentSurvey()));
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
  look(survey: Survey = takeSurvey()): boolean {
    const { claim, leader } = this.#options;
    const roots = [...claim(survey)];
    for (const [osPid, startTicks] of this.#known) {
      if (membershipOf(osPid)?.startTicks === startTicks) roots.push(osPid);
    }
    if (leader?.isThere()) roots.push(leader.osPid);
    const isOfGroup = ({ groupId, sessionId }: Membership) => groupId === leader?.osPid && sessionId === leader.osPid;
    const members = [...withDescendants(roots)].filter(([, each]) => isAlive(each) && !isOfGroup(each));
    this.#known = new Map(members.map(([osPid, { startTicks }]) => [osPid, startTicks]));
    this.#emptyLooks = this.#known.size === 0 ? this.#emptyLooks + 1 : 0;
    return this.#tell();
  }

  /**
   * Whether the last looks, of which `survey` is the newest, prove that there are none. An orphan that forked and ended
   * while the survey was made hides its child, which is an orphan only at the next one.
   */
  areGone(survey: Survey): boolean {
    return this.#emptyLooks > 0 && (survey.isSettled || this.#emptyLooks >= maxEmptyLooks);
  }

  #tell(): boolean {
    let isAnyNew = false;
    for (const [osPid, startTicks] of this.#known) {
      if (this.#signals.length === 0 || this.#told.get(osPid) === startTicks) continue;
      if (membershipOf(osPid)?.startTicks !== startTicks) continue;
      this.#told.set(osPid, startTicks);
      isAnyNew = true;
      for (const signalNumber of this.#signals) signalOne(osPid, signalNumber);
    }
    return isAnyNew;
  }
}

/** Whose the orphans are: those with a marker, and those in a session of ours, by the session's leader. */
export interface Survey {
  readonly byMarker: ReadonlyMap<string, readonly number[]>;
  readonly bySession: ReadonlyMap<number, readonly number[]>;
  /** Every orphan that had ended had already ended at the survey before. */
  readonly isSettled: boolean;
}

/** Those of a process that leads the session `leader` and carries `marker`. */
export function orphansOf(survey: Survey, { leader, marker }: { leader: number; marker: string }): number[] {
  return [...(survey.byMarker.get(marker) ?? []), ...(survey.bySession.get(leader) ?? [])];
}

const [shortestSweepMs, longestSweepMs] = [5, 100];
const maxRounds = 10;
/** Where orphans of others end all the time, no survey is settled. What so many looks do not find is not there. */
const maxEmptyLooks = 10;

/** All that are waited for. They are looked for together, so that many cost one look at our children. */
const waiting = new Map<Strays, () => void>();
let sweepMs = 0;
let timer: Timer | undefined;
let last: { readonly survey: Survey; readonly atMs: number } | undefined;

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
    unlessOverloaded(() => (areMoreComing = dismissGone(takeSurvey())));
  }
  if (waiting.size === 0) return;
  // However many there are, looking for them takes at most a fifth of the time.
  const pauseMs = areMoreComing ? shortestSweepMs : Math.min(sweepMs * 2, longestSweepMs);
  sweepMs = Math.max(shortestSweepMs, pauseMs, 4 * (performance.now() - startMs));
  timer = setTimeout(sweep, sweepMs);
}

/** Tells those who have no strays, and no longer waits for them. Whether strays came to light, or may have: then more may follow. */
function dismissGone(survey: Survey): boolean {
  let isAnyNew = false;
  for (const [strays, tell] of waiting) {
    if (strays.look(survey)) isAnyNew = true;
    if (!strays.areGone(survey)) continue;
    waiting.delete(strays);
    tell();
  }
  return isAnyNew || (!survey.isSettled && waiting.size > 0);
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
function recentSurvey(): Survey {
  return last !== undefined && performance.now() - last.atMs < shortestSweepMs ? last.survey : takeSurvey();
}

/** The orphans that had ended at the last survey, with the time they began. */
let ended: ReadonlyMap<number, number> = new Map();

function takeSurvey(): Survey {
  const byMarker = new Map<string, number[]>();
  const bySession = new Map<number, number[]>();
  const endedBefore = ended;
  const endedNow = new Map<number, number>();
  for (const osPid of orphans()) {
    const membership = membershipOf(osPid);
    if (membership === undefined) continue;
    if (!isAlive(membership)) {
      endedNow.set(osPid, membership.startTicks);
      continue;
    }
    add(bySession, membership.sessionId, osPid);
    // Not ours to read where it has become another user and gafferd is not almighty.
    const environ = ifThere(() => readFileSync(`/proc/${osPid}/environ`, "latin1")) ?? "";
    const markers = ownMarkersIn(environ);
    for (const marker of markers.length === 0 ? [unmarked] : markers) add(byMarker, marker, osPid);
  }
  ended = endedNow;
  const isSettled = [...endedNow].every(([osPid, startTicks]) => endedBefore.get(osPid) === startTicks);
  const survey = { byMarker, bySession, isSettled };
  last = { survey, atMs: performance.now() };
  return survey;
}

function add<Key>(lists: Map<Key, number[]>, key: Key, osPid: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [osPid]);
  else list.push(osPid);
}
