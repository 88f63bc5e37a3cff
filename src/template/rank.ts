import type { ProcessTemplate } from "./template.ts";

/** Smaller starts earlier and stops later; those without a priority come last. */
export function rankOf({ priority }: Pick<ProcessTemplate, "priority">): number {
  return priority ?? Infinity;
}

/** What starts together, in the order of starting. */
export function inRanks<Item>(items: readonly Item[], templateOf: (item: Item) => ProcessTemplate): Item[][] {
  const ranks = Map.groupBy(items, (item) => rankOf(templateOf(item)));
  return [...ranks.entries()].toSorted(([a], [b]) => a - b).map(([, members]) => members);
}
