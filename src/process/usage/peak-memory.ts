import { tryRead, readProcText } from "../proc-file.ts";
import { hasProc } from "../proc-stat.ts";
import { runInSlices } from "../../slices.ts";

/** The age of a process at its first reading. The next readings follow each time that its age has doubled. */
const firstReadMs = 50;
const longestPauseMs = 10_000;
/** Readings that are due within this time of each other are done together. */
const batchMs = 50;

/**
 * The highest memory use of a running process (`VmHWM`). The kernel discards this value when the process exits. The value of
 * wait4(2) does not replace it: it is never less than gafferd's own peak, because a child shares gafferd's memory until its
 * exec. So gafferd reads `VmHWM` from time to time while the process runs, and before it sends a signal.
 */
export class PeakMemory {
  readonly #osPid: number;
  readonly #startedAtMs = performance.now();
  #bytes: number | undefined;

  /** Create it before the process is reaped, and close it afterwards. */
  constructor(osPid: number) {
    this.#osPid = osPid;
    if (hasProc) watch(this, this.#startedAtMs + firstReadMs);
  }

  /** Undefined if the process exited before the first reading, or if the system does not provide the value. */
  get bytes(): number | undefined {
    return this.#bytes;
  }

  /** Reads the current value. */
  update(): void {
    if (!hasProc) return;
    const bytes = peakOf(this.#osPid);
    if (bytes !== undefined) this.#bytes = Math.max(this.#bytes ?? 0, bytes);
  }

  /** The delay until the next reading. */
  pauseMs(nowMs: number): number {
    return Math.min(nowMs - this.#startedAtMs, longestPauseMs);
  }

  close(): void {
    dueAtMs.delete(this);
  }
}

/** Undefined if the process has exited, or if no file descriptor is free. */
function peakOf(osPid: number): number | undefined {
  try {
    const status = tryRead(() => readProcText(`/proc/${osPid}/status`)) ?? "";
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** The time of the next reading of each process, on the clock of `performance.now()`. */
const dueAtMs = new Map<PeakMemory, number>();
let timer: Timer | undefined;
let timerAtMs = Infinity;

function watch(peak: PeakMemory, atMs: number): void {
  dueAtMs.set(peak, atMs);
  if (atMs >= timerAtMs) return;
  clearTimeout(timer);
  timerAtMs = atMs;
  timer = setTimeout(readDue, Math.max(0, atMs - performance.now())).unref();
}

/** Reads all processes that are due, in slices of a few milliseconds. */
function readDue(): void {
  const nowMs = performance.now();
  const due = [...dueAtMs].flatMap(([peak, atMs]) => (atMs <= nowMs + batchMs ? [peak] : []));
  const step = () => {
    const peak = due.pop();
    if (peak === undefined) return false;
    if (!dueAtMs.has(peak)) return true;
    peak.update();
    dueAtMs.set(peak, performance.now() + peak.pauseMs(performance.now()));
    return true;
  };
  runInSlices(step, () => {
    timerAtMs = Infinity;
    if (dueAtMs.size === 0) return;
    const earliestMs = Math.min(...dueAtMs.values());
    timerAtMs = Math.max(earliestMs, performance.now() + batchMs);
    timer = setTimeout(readDue, timerAtMs - performance.now()).unref();
  });
}
