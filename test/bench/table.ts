import type { Machine } from "./machine.ts";
import type { Goal, Unit } from "./measure.ts";
import type { Summary } from "./summary.ts";

export interface Results {
  readonly machine: Machine;
  readonly rounds: number;
  /** The part of the CPUs' time (0…1) that other programs took, at worst, right before something was measured. */
  readonly othersShare: number;
  readonly figures: readonly Summary[];
  readonly notTaken: readonly { readonly measure: string; readonly reason: string }[];
}

/** Less cannot be seen in the figures. */
const notedShare = 0.15;

/** `| raw, one reader | 0.94 GB/s | 1.41 GB/s (socat) | 0.66 | ratio ≥ 0.6, CPU ≤ 1.1 | yes | 0.92 |`, a row a figure. */
export function toMarkdown({ machine, rounds, othersShare, figures, notTaken }: Results): string {
  const { cores, cpu, kernel, bun } = machine;
  const rows = [
    ["what", "ours", "limit", "ratio", "goal", "met?", "CPU s/GB"],
    ["---", "---", "---", "---", "---", "---", "---"],
    ...figures.map(toRow),
  ];
  const lines = [
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `Medians of ${rounds} rounds; ${cores} cores (${cpu}), Linux ${kernel}, Bun ${bun}.`,
    ...(othersShare > notedShare ? [`Other programs took up to ${Math.round(othersShare * 100)} % of the CPUs.`] : []),
    ...notTaken.map(({ measure, reason }) => `Not taken: ${measure} (${reason}).`),
  ];
  return `${lines.join("\n")}\n`;
}

function toRow({ what, unit, limit, goals, missed, median }: Summary): string[] {
  return [
    what,
    format(median.ours, unit),
    median.limit === undefined ? "" : `${format(median.limit, unit)} (${limit})`,
    formatOptional(median.ratio),
    goals.map((goal) => formatGoal(goal, unit)).join(", "),
    goals.length === 0 ? "" : missed.length === 0 ? "yes" : "**no**",
    formatOptional(median.cpuSecondsPerGb),
  ];
}

function formatGoal({ of, bound, value }: Goal, unit: Unit): string {
  if (of === "ours") return `${bound} ${value} ${unit}`;
  return `${of === "cpu" ? "CPU" : "ratio"} ${bound} ${value}`;
}

function format(value: number, unit: Unit): string {
  return `${formatNumber(value)} ${unit}`;
}

function formatOptional(value: number | undefined): string {
  return value === undefined ? "" : value.toFixed(2);
}

/** Three digits that count, as far as a person reads: 1234, 123, 12.3, 1.23, 0.123. */
function formatNumber(value: number): string {
  const digits = Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return value.toFixed(digits);
}
