import type { Machine } from "./machine.ts";
import type { Goal, Unit } from "./measure.ts";
import type { Summary } from "./summary.ts";

export interface Results {
  readonly machine: Machine;
  readonly rounds: number;
  /** The highest share of CPU time (0…1) that other programs used right before a measurement. */
  readonly othersShare: number;
  readonly figures: readonly Summary[];
  readonly notTaken: readonly { readonly measure: string; readonly reason: string }[];
}

/** A lower share does not affect the figures visibly. */
const notedShare = 0.15;

/** `| raw, one reader | 0.94 GB/s | 1.41 GB/s (socat) | 0.66 | ratio ≥ 0.6, CPU ≤ 1.1 | yes | 0.92 |`: one row per figure. */
export function toMarkdown({ machine, rounds, othersShare, figures, notTaken }: Results): string {
  const { cores, cpu, kernel, bun } = machine;
  const rows = [
    ["what", "gafferd", "limit", "ratio", "goal", "met", "CPU s/GB"],
    ["---", "---", "---", "---", "---", "---", "---"],
    ...figures.map(toRow),
  ];
  const lines = [
    ...rows.map((cells) => `| ${cells.join(" | ")} |`),
    "",
    `Medians of ${rounds} rounds; ${cores} cores (${cpu}), Linux ${kernel}, Bun ${bun}.`,
    ...(othersShare > notedShare ? [`Other programs used up to ${Math.round(othersShare * 100)} % of the CPUs.`] : []),
    ...notTaken.map(({ measure, reason }) => `Not measured: ${measure} (${reason}).`),
  ];
  return `${lines.join("\n")}\n`;
}

function toRow({ what, unit, limit, goals, missed, median }: Summary): string[] {
  return [
    what,
    format(median.value, unit),
    median.limit === undefined ? "" : `${format(median.limit, unit)} (${limit})`,
    formatOptional(median.ratio),
    goals.map((goal) => formatGoal(goal, unit)).join(", "),
    goals.length === 0 ? "" : missed.length === 0 ? "yes" : "**no**",
    formatOptional(median.cpuSecondsPerGb),
  ];
}

function formatGoal({ of, bound, value }: Goal, unit: Unit): string {
  if (of === "value") return `${bound} ${value} ${unit}`;
  return `${of === "cpu" ? "CPU" : "ratio"} ${bound} ${value}`;
}

function format(value: number, unit: Unit): string {
  return `${formatNumber(value)} ${unit}`;
}

function formatOptional(value: number | undefined): string {
  return value === undefined ? "" : value.toFixed(2);
}

/** Three significant digits: 1234, 123, 12.3, 1.23, 0.123. */
function formatNumber(value: number): string {
  const digits = Math.max(0, Math.min(3, 2 - Math.floor(Math.log10(Math.abs(value) || 1))));
  return value.toFixed(digits);
}
