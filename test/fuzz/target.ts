import fc from "fast-check";

/** A part of gafferd that reads what others wrote, and the inputs that it is tried with. */
export interface FuzzTarget {
  /** The name for `--only`. */
  readonly name: string;
  /** The number of inputs in a round. Each round begins with a new trial. */
  readonly inputs: number;
  start(): Promise<Trial>;
}

/** What a round of inputs is tried on. */
export interface Trial extends AsyncDisposable {
  readonly property: FuzzProperty;
  /** Call it after the last input. Throws if something has grown, or if the log has an error that no caller caused. */
  settle(): Promise<void>;
}

export type FuzzProperty = fc.IRawProperty<unknown>;

/** A target without a daemon. */
export function pureTarget(name: string, inputs: number, property: FuzzProperty): FuzzTarget {
  const trial: Trial = {
    property,
    settle: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  return { name, inputs, start: async () => trial };
}

/** Asserts that `work` uses at most this much CPU time, in ms: a busy machine does not make it fail. */
export function inTime<T>(work: () => T, maxMs = 500): T {
  const before = process.cpuUsage();
  const result = work();
  const usedMs = process.cpuUsage(before).user / 1000;
  if (usedMs > maxMs) throw new Error(`it took ${Math.round(usedMs)} ms of CPU time, more than ${maxMs} ms`);
  return result;
}
