import type { Workspace } from "./workspace.ts";

export type Unit = "GB/s" | "MB" | "KB" | "s" | "ms" | "%" | "/s" | "events";

/** A bound for the median of a figure, of its ratio to the limit, or of its CPU seconds a GB. */
export interface Goal {
  readonly of: "ours" | "ratio" | "cpu";
  readonly bound: "≥" | "≤" | "<";
  readonly value: number;
}

/** One row of the table. */
export interface Figure {
  readonly what: string;
  readonly unit: Unit;
  /** What `Sample.limit` was measured of. Absent: there is no limit to compare with. */
  readonly limit?: string;
  /** Empty: for information. */
  readonly goals: readonly Goal[];
}

/** One round of one figure, in the figure's unit. */
export interface Sample {
  readonly ours: number;
  readonly limit?: number;
  /** Of gafferd alone, for a GB of process output. */
  readonly cpuSecondsPerGb?: number;
  /** More of the same round, for `results.json`. */
  readonly also?: Readonly<Record<string, number>>;
}

/** Something that is measured in rounds; one round gives a sample for each of its figures. */
export interface Measure<Key extends string = string> {
  /** As it is asked for on the command line. */
  readonly name: string;
  /** Programs that it cannot do without. */
  readonly needs: readonly string[];
  readonly figures: Readonly<Record<Key, Figure>>;
  readonly round: (workspace: Workspace) => Promise<Readonly<Record<Key, Sample>>>;
}

/** Checks that a round gives what the figures say. */
export function defineMeasure<const Key extends string>(measure: Measure<Key>): Measure<Key> {
  return measure;
}
