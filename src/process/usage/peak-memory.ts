import { tryRead, readProcText } from "../proc-file.ts";
import { hasProc } from "../proc-stat.ts";
import { runInSlices } from "../../slices.ts";

/** The age of a process at its first reading. The next readings follow each time that its age has doubled. */
const firstReadMs = 50;
const longestPauseMs = 10_000;
/**
 * A reading may be late by this share of its pause, so that it is done together with others: a wake-up of the event loop
 * costs more than a reading.
 */
const lateShare = 1 / 4;

/**
 * The highest memory use of a running process (`VmHWM`). The kernel discards this value when the process exits. The value of
 * wait4(2) does not replace it: it is never less than gafferd's own peak, because a child shares gafferd's memory until its
 * exec. So gafferd reads `VmHWM` from time to time while the process runs, and before it sends a signal.
 */
export class PeakMemory {
  readonly #osPid: number;
  readonly #startedAtMs = performance.now();
  #bytes: number | undefined;
  /** The batch of its next reading. */
  #batch: Batch | undefined;

  /** Create it before the process is reaped, and close it afterwards. */
  constructor(osPid: number) {
    this.#osPid = osPid;
    if (hasProc) this.#batch = addToBatch(this, this.#startedAtMs, firstReadMs);
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

  /** Reads the current value because it is due, and sets the time of the next reading. */
  readDue(): void {
    this.update();
    const nowMs = performance.now();
    this.#batch = addToBatch(this, nowMs, Math.min(nowMs - this.#startedAtMs, longestPauseMs));
  }

  close(): void {
    this.#batch?.delete(this);
  }
}

const field = "VmHWM:";

/** Undefined if the process has exited, or if no file descriptor is free. */
function peakOf(osPid: number): number | undefined {
  try {
    const status = tryRead(() => readProcText(`/proc/${osPid}/status`)) ?? "";
    // `VmHWM:	    1024 kB`. Searching for the name is four times as fast as a regular expression over 1,400 characters.
    const at = status.indexOf(field);
    return at === -1 ? undefined : Number.parseInt(status.slice(at + field.length), 10) * 1024;
  } catch {
    return undefined;
  }
}

/** Processes that are read together. */
type Batch = Set<PeakMemory>;

/**
 * The next readings, by the time when they are due (`performance.now()`). A turn touches only the processes that are due.
 * Looking at all of them would cost 1 % of a core with a thousand idle processes.
 */
const batches = new Map<number, Batch>();
let timer: Timer | undefined;
/** When the timer ends. */
let timerAtMs = Infinity;

/** A timer may end this much too early (Bun 1.4.5). */
const earlyMs = 2;

/** Adds a reading after a pause to a batch. Different pauses have common batches, because the steps are powers of two. */
function addToBatch(peak: PeakMemory, nowMs: number, pauseMs: number): Batch {
  const stepMs = 2 ** Math.floor(Math.log2(pauseMs * lateShare));
  const dueMs = Math.ceil((nowMs + pauseMs) / stepMs) * stepMs;
  const batch = batches.get(dueMs) ?? new Set();
  batches.set(dueMs, batch.add(peak));
  armTimer(dueMs);
  return batch;
}

function armTimer(atMs: number): void {
  if (atMs >= timerAtMs) return;
  clearTimeout(timer);
  timerAtMs = atMs;
  timer = setTimeout(readDueBatches, Math.max(0, atMs - performance.now())).unref();
}

/** Reads all processes that are due, in slices of a few milliseconds. */
function readDueBatches(): void {
  timerAtMs = Infinity;
  const nowMs = performance.now() + earlyMs;
  for (const [dueMs, batch] of batches) {
    if (dueMs > nowMs) armTimer(dueMs);
    else {
      batches.delete(dueMs);
      readInSlices(batch);
    }
  }
}

function readInSlices(batch: Batch): void {
  const step = () => {
    const [peak] = batch;
    if (peak === undefined) return false;
    batch.delete(peak);
    peak.readDue();
    return batch.size > 0;
  };
  runInSlices(step, () => {});
}
