import type { Leases } from "../../leases/leases.ts";
import { type MetricOf, readFamilies } from "./metric-table.ts";
import type { MetricFamily } from "./metrics-text.ts";

/** Metrics of all leases together: owners come and go. */
export function leaseFamilies(leases: Leases): Generator<void, MetricFamily[]> {
  return readFamilies(metrics, [leases]);
}

const metrics: readonly MetricOf<Leases>[] = [
  {
    name: "gafferd_leases",
    type: "gauge",
    help: "Templates and runs with a lease that is in force.",
    samplesOf: (leases) => [{ value: leases.activeCount() }],
  },
  {
    name: "gafferd_lease_ends_total",
    type: "counter",
    help: "Leases that have ended: expired, or ended by a request.",
    samplesOf: (leases) => [{ value: leases.endedCount }],
  },
];
