import type { OutputProcess } from "../reading/output-source.ts";
import type { Supervisor } from "../supervisor/supervisor.ts";
import type { EndedTotals } from "./block-meta.ts";

/** The totals of the processes that the supervisor no longer has. `rank` is that of the first byte that it has. */
export function totalsOfDropped({ dropped, meter }: Supervisor, rank: number): EndedTotals {
  const { count, newestId, exitRank } = dropped;
  const bytes = Object.fromEntries([...meter.outputs.keys()].map((label) => [label, dropped.bytes(label)]));
  return { count, newestId, exitRank: Number.isFinite(exitRank) ? exitRank : rank, bytes };
}

/** Adds a process that has exited and whose output has ended. */
export function addToTotals(totals: EndedTotals, { id, exitRank = 0, rings }: OutputProcess): void {
  totals.count += 1;
  totals.newestId = Math.max(totals.newestId, id);
  totals.exitRank = Math.max(totals.exitRank, exitRank);
  for (const [label, { head }] of rings) totals.bytes[label] = (totals.bytes[label] ?? 0) + head;
}
