import { tryRead, readProcText } from "../proc-file.ts";
import { hasProc } from "../proc-stat.ts";
import { runInSlices } from "../../slices.ts";

/** A process is looked at first when it is so old, then each time that its age has doubled. */
const firstLookMs = 50;
const longestPauseMs = 10_000;
/** Looks that are due within so long of each other are taken together. */
const togetherMs = 50;

/**
 * The most memory that a running process has held. The kernel keeps that figure, but forgets it when the process ends, and
 * what it tells then (wait4(2)) is never less than gafferd's own peak, since a child has gafferd's memory until its exec.
 * So it is read now and then while the process runs, and before a signal is sent to it.
 */
export class PeakMemory {
  readonly #osPid: number;
  readonly #startedAtMs = performance.now();
  #bytes: number | undefined;

  /** To be made while the process is not reaped, and closed when it is. */
  constructor(osPid: number) {
    this.#osPid = osPid;
    if (hasProc) watch(this, this.#startedAtMs + firstLookMs);
  }

  /** Undefined when it ended before the first look, or where nobody can tell. */
  get bytes(): number | undefined {
    return this.#bytes;
  }

  /** Reads the figure now. */
  look(): void {
    if (!hasProc) return;
    const bytes = peakOf(this.#osPid);
    if (bytes !== undefined) this.#bytes = Math.max(this.#bytes ?? 0, bytes);
  }

  /** How long it may be left alone after a look. */
  pauseMs(nowMs: number): number {
    return Math.min(nowMs - this.#startedAtMs, longestPauseMs);
  }

  close(): void {
    dueAtMs.delete(this);
  }
}

/** Undefined when it has ended, or no descriptor is free to see. */
function peakOf(osPid: number): number | undefined {
  try {
    const status = tryRead(() => readProcText(`/proc/${osPid}/status`)) ?? "";
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** When each is to be looked at, on the clock of `performance.now()`. */
const dueAtMs = new Map<PeakMemory, number>();
let timer: Timer | undefined;
let timerAtMs = Infinity;

function watch(peak: PeakMemory, atMs: number): void {
  dueAtMs.set(peak, atMs);
  if (atMs >= timerAtMs) return;
  clearTimeout(timer);
  timerAtMs = atMs;
  timer = setTimeout(lookAtAll, Math.max(0, atMs - performance.now())).unref();
}

/** Looks at all that are due, a few milliseconds at a time. */
function lookAtAll(): void {
  const nowMs = performance.now();
  const due = [...dueAtMs].flatMap(([peak, atMs]) => (atMs <= nowMs + togetherMs ? [peak] : []));
  const step = () => {
    const peak = due.pop();
    if (peak === undefined) return false;
    if (!dueAtMs.has(peak)) return true;
    peak.look();
    dueAtMs.set(peak, performance.now() + peak.pauseMs(performance.now()));
    return true;
  };
  runInSlices(step, () => {
    timerAtMs = Infinity;
    if (dueAtMs.size === 0) return;
    const earliestMs = Math.min(...dueAtMs.values());
    timerAtMs = Math.max(earliestMs, performance.now() + togetherMs);
    timer = setTimeout(lookAtAll, timerAtMs - performance.now()).unref();
  });
}
