import type { Supervisor } from "../../manager/views.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

type Metric = Omit<MetricFamily, "samples"> & {
  readonly samplesOf: (supervisor: Supervisor) => readonly MetricSample[];
};

/** What is so of each template, and what is counted of it as long as it lives. */
export function templateFamilies(supervisors: readonly Supervisor[]): MetricFamily[] {
  return metrics.map(({ samplesOf, ...family }) => ({ ...family, samples: supervisors.flatMap(samplesOf) }));
}

const metrics: readonly Metric[] = [
  {
    name: "gafferd_template_wanted_processes",
    type: "gauge",
    help: "Processes that are wanted to run: none of a stopped template.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.status().wanted),
  },
  {
    name: "gafferd_template_running_processes",
    type: "gauge",
    help: "Processes that run and are not being stopped.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.status().running),
  },
  {
    name: "gafferd_template_restarts_total",
    type: "counter",
    help: "Processes that took the place of one that ended unasked.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.meter.restarts),
  },
  {
    name: "gafferd_template_exits_in_a_row",
    type: "gauge",
    help: "In a crash loop, how often in a row a process exited or could not be started; else 0.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.status().exitsInARow),
  },
  {
    name: "gafferd_template_exits_total",
    type: "counter",
    help: "Processes that ended, asked to or not, by exit status or by the signal that ended them.",
    samplesOf: exitSamples,
  },
  {
    name: "gafferd_template_flaps_total",
    type: "counter",
    help: "How often processes exited too often within the window of the flapping policy.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.meter.flaps),
  },
  {
    name: "gafferd_template_input_bytes_total",
    type: "counter",
    help: "Bytes that went into the stdin of processes.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.meter.input.bytes),
  },
  {
    name: "gafferd_template_output_bytes_total",
    type: "counter",
    help: "Bytes that processes wrote, by the label of the output.",
    samplesOf: (supervisor) => ofLabels(supervisor, "bytes"),
  },
  {
    name: "gafferd_template_output_gaps_total",
    type: "counter",
    help: "Gaps that readers were told of: output was overwritten before they came to it.",
    samplesOf: (supervisor) => ofLabels(supervisor, "gaps"),
  },
  {
    name: "gafferd_template_output_dropped_bytes_total",
    type: "counter",
    help: "Bytes in those gaps, counted for each reader that lost them.",
    samplesOf: (supervisor) => ofLabels(supervisor, "droppedBytes"),
  },
  {
    name: "gafferd_template_readers",
    type: "gauge",
    help: "Readers of output now: streams, WebSockets and polls under way.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.readerCount),
  },
];

function ofTemplate({ template }: Supervisor, value: number): MetricSample[] {
  return [{ labels: { template: template.name }, value }];
}

function ofLabels({ template, meter }: Supervisor, figure: "bytes" | "gaps" | "droppedBytes"): MetricSample[] {
  return Array.from(meter.outputs, ([label, output]) => ({
    labels: { template: template.name, label },
    value: output[figure],
  }));
}

/** An empty label is one that is not there, says Prometheus; so all have the same. */
function exitSamples({ template, meter }: Supervisor): MetricSample[] {
  const sample = (exit_status: number | "", signal: string, value: number) => ({
    labels: { template: template.name, exit_status, signal },
    value,
  });
  return [
    ...Array.from(meter.exitsByCode, ([code, count]) => sample(code, "", count)),
    ...Array.from(meter.exitsBySignal, ([signal, count]) => sample("", signal, count)),
  ];
}
