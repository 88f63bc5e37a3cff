/** The median: the middle value, or the mean of the two middle values. NaN if there are no values. */
export function median(values: readonly number[]): number {
  return (percentile(values, 50, "lower") + percentile(values, 50, "upper")) / 2;
}

/** The smallest value that at least `percent` % of the values do not exceed. NaN if there are no values. */
export function percentile(values: readonly number[], percent: number, rank: "lower" | "upper" = "lower"): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = (sorted.length * percent) / 100;
  const index = rank === "lower" ? Math.ceil(place) - 1 : Math.floor(place);
  return sorted[Math.min(sorted.length - 1, Math.max(0, index))] ?? Number.NaN;
}
