import type { ProcessTemplate } from "./template.ts";

/** The rank of a template: lower ranks start earlier and stop later. Templates without a priority come last. */
export function rankOf({ priority }: Pick<ProcessTemplate, "priority">): number {
  return priority ?? Infinity;
}

/** Groups items that start together, in start order. */
export function inRanks<Item>(items: readonly Item[], templateOf: (item: Item) => ProcessTemplate): Item[][] {
  const ranks = Map.groupBy(items, (item) => rankOf(templateOf(item)));
  return [...ranks.entries()].toSorted(([a], [b]) => a - b).map(([, members]) => members);
}
