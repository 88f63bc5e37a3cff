import type { ProcessUsage, UsageSample } from "../../process/usage/sampler.ts";
import type { SupervisedProcess } from "../../manager/views.ts";
import { type MetricOf, readFamilies } from "./metric-table.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

interface LabelledUsage {
  readonly labels: NonNullable<MetricSample["labels"]>;
  /** Undefined if the process has exited. */
  readonly usage: ProcessUsage | undefined;
}

const metrics: readonly MetricOf<LabelledUsage>[] = [
  {
    name: "gafferd_process_cpu_seconds_total",
    type: "counter",
    help: "User and system CPU time of the process, without its child processes, in seconds.",
    samplesOf: samples(({ cpuMs }) => cpuMs / 1000),
  },
  {
    name: "gafferd_process_resident_memory_bytes",
    type: "gauge",
    help: "Resident memory of the process, without its child processes, in bytes.",
    samplesOf: samples(({ rssBytes }) => rssBytes),
  },
  {
    name: "gafferd_process_open_fds",
    type: "gauge",
    help: "Open file descriptors of the process.",
    samplesOf: samples(({ openFds }) => openFds),
  },
];

/**
 * The resource usage of each process, from one sample; one process per step. A value that the system does not report has
 * no sample. Without `port`, the label is empty; to Prometheus, an empty label is a missing one.
 */
export function processFamilies(
  processes: readonly SupervisedProcess[],
  sample: UsageSample,
): Generator<void, MetricFamily[]> {
  const running = processes.filter(({ exit }) => exit === undefined);
  const usages = running.values().map((process) => ({
    labels: { template: process.template.name, pid: process.id, slot: process.slot, port: process.port ?? "" },
    usage: sample.usageOf(process.osPid),
  }));
  return readFamilies(metrics, usages);
}

function samples(valueOf: (usage: ProcessUsage) => number | undefined): MetricOf<LabelledUsage>["samplesOf"] {
  return ({ labels, usage }) => {
    const value = usage && valueOf(usage);
    return value === undefined ? [] : [{ labels, value }];
  };
}
