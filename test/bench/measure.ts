import type { Workspace } from "./workspace.ts";

export type Unit = "GB/s" | "MB" | "KB" | "s" | "ms" | "%" | "/s" | "events";

/** A bound for the median of a figure, of its ratio to the limit, or of its CPU seconds per GB. */
export interface Goal {
  readonly of: "value" | "ratio" | "cpu";
  readonly bound: "≥" | "≤" | "<";
  readonly value: number;
}

/** One row of the table. */
export interface Figure {
  readonly what: string;
  readonly unit: Unit;
  /** The program that gives `Sample.limit`. Absent if there is no limit to compare with. */
  readonly limit?: string;
  /** Empty if the figure is only informative. */
  readonly goals: readonly Goal[];
}

/** One round of one figure, in the figure's unit. */
export interface Sample {
  readonly value: number;
  readonly limit?: number;
  /** CPU of gafferd per GB of process output. */
  readonly cpuSecondsPerGb?: number;
  /** More figures of the round, for `results.json`. */
  readonly also?: Readonly<Record<string, number>>;
}

/** A measurement. Each round gives a sample for each figure. */
export interface Measure<Key extends string = string> {
  /** The name on the command line. */
  readonly name: string;
  /** Programs that must be installed. */
  readonly needs: readonly string[];
  readonly figures: Readonly<Record<Key, Figure>>;
  readonly round: (workspace: Workspace) => Promise<Readonly<Record<Key, Sample>>>;
}

/** Checks at compile time that a round gives a sample for each figure. */
export function defineMeasure<const Key extends string>(measure: Measure<Key>): Measure<Key> {
  return measure;
}
