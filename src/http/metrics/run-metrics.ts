import { runStates } from "../../documents/run-schemas.ts";
import type { Runs } from "../../runs/runs.ts";
import type { MetricFamily } from "./metrics-text.ts";

/** Metrics of all runs together: a series for each of thousands would be too many. */
export function runFamilies(runs: Pick<Runs, "list" | "counts">): MetricFamily[] {
  const byState = Map.groupBy(runs.list(), ({ state }) => state);
  const { started, ended } = runs.counts;
  return [
    {
      name: "gafferd_runs",
      type: "gauge",
      help: "Runs that are kept, by state.",
      samples: runStates.map((state) => ({ labels: { state }, value: byState.get(state)?.length ?? 0 })),
    },
    {
      name: "gafferd_runs_started_total",
      type: "counter",
      help: "Runs started.",
      samples: [{ value: started }],
    },
    {
      name: "gafferd_runs_ended_total",
      type: "counter",
      help: "Runs that have ended, by what ended them.",
      samples: Object.entries(ended).map(([ender, value]) => ({ labels: { ended_by: ender }, value })),
    },
  ];
}
