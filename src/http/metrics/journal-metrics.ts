import type { JournalUsage } from "../../journal/journal.ts";
import { type MetricOf, readFamilies } from "./metric-table.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

/** Output on disk, of each template with `output_keep`. Reads one template per step. */
export function journalFamilies(usage: readonly JournalUsage[]): Generator<void, MetricFamily[]> {
  return readFamilies(metrics, usage);
}

const metrics: readonly MetricOf<JournalUsage>[] = [
  {
    name: "gafferd_template_kept_bytes",
    type: "gauge",
    help: "Bytes of the files in which the output is kept on disk.",
    samplesOf: (usage) => ofTemplate(usage, usage.diskBytes),
  },
  {
    name: "gafferd_template_kept_written_bytes_total",
    type: "counter",
    help: "Bytes of output that were written to disk.",
    samplesOf: (usage) => ofTemplate(usage, usage.writtenBytes),
  },
  {
    name: "gafferd_template_kept_lost_bytes_total",
    type: "counter",
    help: "Bytes of output that are missing on disk, because the disk was full or too slow.",
    samplesOf: (usage) => ofTemplate(usage, usage.lostBytes),
  },
];

function ofTemplate({ name }: JournalUsage, value: number): MetricSample[] {
  return [{ labels: { template: name }, value }];
}
