import type { MetricFamily, MetricSample } from "./metrics-text.ts";

/** A metric, and how to read its samples from a subject, such as a template. */
export interface MetricOf<Subject> extends Omit<MetricFamily, "samples"> {
  readonly samplesOf: (subject: Subject) => readonly MetricSample[];
}

/** Reads each metric from all subjects. */
export function readFamilies<Subject>(
  metrics: readonly MetricOf<Subject>[],
  subjects: readonly Subject[],
): MetricFamily[] {
  return metrics.map(({ samplesOf, ...family }) => ({ ...family, samples: subjects.flatMap(samplesOf) }));
}
