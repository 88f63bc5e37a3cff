import type { Supervisor } from "../../manager/views.ts";
import { type MetricOf, readFamilies } from "./metric-table.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

/** Gauges of each template, and counters since it was created. Reads one template per step. */
export function templateFamilies(supervisors: readonly Supervisor[]): Generator<void, MetricFamily[]> {
  return readFamilies(metrics, supervisors);
}

const metrics: readonly MetricOf<Supervisor>[] = [
  {
    name: "gafferd_template_wanted_processes",
    type: "gauge",
    help: "Processes that should run; 0 if the template is stopped.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.status().wanted),
  },
  {
    name: "gafferd_template_running_processes",
    type: "gauge",
    help: "Running processes, without those that are being stopped.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.status().running),
  },
  {
    name: "gafferd_template_restarts_total",
    type: "counter",
    help: "Processes that replaced one that exited without being asked to.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.meter.restarts),
  },
  {
    name: "gafferd_template_exits_in_a_row",
    type: "gauge",
    help: "In a crash loop, the number of consecutive exits and failed starts; otherwise 0.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.status().exitsInARow),
  },
  {
    name: "gafferd_template_exits_total",
    type: "counter",
    help: "Exited processes, stopped on request or not, by exit status or by terminating signal.",
    samplesOf: exitSamples,
  },
  {
    name: "gafferd_template_flaps_total",
    type: "counter",
    help: "How many times the flapping policy stopped the template because of too many exits.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.meter.flaps),
  },
  {
    name: "gafferd_template_input_bytes_total",
    type: "counter",
    help: "Bytes written to the stdin of processes.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.meter.input.bytes),
  },
  {
    name: "gafferd_template_output_bytes_total",
    type: "counter",
    help: "Bytes that processes wrote to their outputs, by label.",
    samplesOf: (supervisor) => ofLabels(supervisor, "bytes"),
  },
  {
    name: "gafferd_template_output_gaps_total",
    type: "counter",
    help: "Gaps reported to readers: output was overwritten before they read it.",
    samplesOf: (supervisor) => ofLabels(supervisor, "gaps"),
  },
  {
    name: "gafferd_template_output_dropped_bytes_total",
    type: "counter",
    help: "Bytes lost in gaps, counted for each reader.",
    samplesOf: (supervisor) => ofLabels(supervisor, "droppedBytes"),
  },
  {
    name: "gafferd_template_readers",
    type: "gauge",
    help: "Current readers of output: streams, WebSockets and polls in progress.",
    samplesOf: (supervisor) => ofTemplate(supervisor, supervisor.readerCount),
  },
];

function ofTemplate({ template }: Supervisor, value: number): MetricSample[] {
  return [{ labels: { template: template.name }, value }];
}

function ofLabels({ template, meter }: Supervisor, counter: "bytes" | "gaps" | "droppedBytes"): MetricSample[] {
  return Array.from(meter.outputs, ([label, output]) => ({
    labels: { template: template.name, label },
    value: output[counter],
  }));
}

/** To Prometheus, an empty label is a missing one, so all samples can have both labels. */
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
