import type { Figure, Goal, Measure, Sample } from "./measure.ts";
import { median } from "./statistics.ts";

/** A figure with all its rounds and their medians. */
export interface Summary extends Figure {
  readonly measure: string;
  readonly rounds: readonly Sample[];
  readonly median: {
    readonly value: number;
    readonly limit?: number;
    /** The median of the ratios, not the ratio of the medians. */
    readonly ratio?: number;
    readonly cpuSecondsPerGb?: number;
  };
  /** Goals that were missed. */
  readonly missed: readonly Goal[];
}

export function summarize(
  measure: Pick<Measure, "name" | "figures">,
  rounds: readonly Readonly<Record<string, Sample>>[],
): Summary[] {
  return Object.entries(measure.figures).map(([key, figure]) => {
    const samples = rounds.flatMap((round) => round[key] ?? []);
    return { measure: measure.name, ...figure, ...summarizeSamples(figure, samples) };
  });
}

function summarizeSamples({ goals }: Figure, rounds: readonly Sample[]): Pick<Summary, "rounds" | "median" | "missed"> {
  const limits = rounds.flatMap(({ limit }) => limit ?? []);
  const ratios = rounds.flatMap(({ value, limit }) => (limit === undefined ? [] : value / limit));
  const cpu = rounds.flatMap(({ cpuSecondsPerGb }) => cpuSecondsPerGb ?? []);
  const medians = {
    value: median(rounds.map(({ value }) => value)),
    ...(limits.length > 0 && { limit: median(limits), ratio: median(ratios) }),
    ...(cpu.length > 0 && { cpuSecondsPerGb: median(cpu) }),
  };
  return { rounds, median: medians, missed: goals.filter((goal) => !isMet(goal, medians)) };
}

function isMet({ of, bound, value }: Goal, medians: Summary["median"]): boolean {
  const seen = of === "cpu" ? medians.cpuSecondsPerGb : medians[of];
  if (seen === undefined) return false;
  if (bound === "≥") return seen >= value;
  return bound === "≤" ? seen <= value : seen < value;
}
