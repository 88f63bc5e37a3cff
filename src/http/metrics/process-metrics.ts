import type { ProcessUsage, Sampler } from "../../process/usage/sampler.ts";
import type { SupervisedProcess } from "../../manager/views.ts";
import type { MetricFamily } from "./metrics-text.ts";

type Metric = Omit<MetricFamily, "samples"> & { readonly valueOf: (usage: ProcessUsage) => number | undefined };

const metrics: readonly Metric[] = [
  {
    name: "gafferd_process_cpu_seconds_total",
    type: "counter",
    help: "User and system time that the process took, without its children, in seconds.",
    valueOf: ({ cpuMs }) => cpuMs / 1000,
  },
  {
    name: "gafferd_process_resident_memory_bytes",
    type: "gauge",
    help: "Memory of the process, without its children, in bytes.",
    valueOf: ({ rssBytes }) => rssBytes,
  },
  {
    name: "gafferd_process_open_fds",
    type: "gauge",
    help: "File descriptors that the process has open.",
    valueOf: ({ openFds }) => openFds,
  },
];

/**
 * What each process takes, read once; an empty label is one that is not there, says Prometheus, as of `port`; what the system does not say has no sample. Throws `overloaded`. */
export async function processFamilies(
  processes: readonly SupervisedProcess[],
  sampler: Sampler,
): Promise<MetricFamily[]> {
  const sample = await sampler.sample(processes, 0);
  const usages = processes.map((process) => ({
    labels: { template: process.template.name, pid: process.id, slot: process.slot, port: process.port ?? "" },
    usage: process.exit === undefined ? sample.usageOf(process.osPid) : undefined,
  }));
  return metrics.map(({ valueOf, ...family }) => ({
    ...family,
    samples: usages.flatMap(({ labels, usage }) => {
      const value = usage && valueOf(usage);
      return value === undefined ? [] : { labels, value };
    }),
  }));
}
