import type { MetricFamily, MetricSample } from "./metrics-text.ts";

/** A metric, and how to read its samples from a subject, such as a template. */
export interface MetricOf<Subject> extends Omit<MetricFamily, "samples"> {
  readonly samplesOf: (subject: Subject) => readonly MetricSample[];
}

/** Reads each metric from all subjects, one subject per step, so that the metrics of a subject are of the same moment. */
export function* readFamilies<Subject>(
  metrics: readonly MetricOf<Subject>[],
  subjects: Iterable<Subject>,
): Generator<void, MetricFamily[]> {
  const families = metrics.map(({ samplesOf, ...family }) => ({ samplesOf, family, samples: [] as MetricSample[] }));
  for (const subject of subjects) {
    for (const { samplesOf, samples } of families) samples.push(...samplesOf(subject));
    yield;
  }
  return families.map(({ family, samples }) => ({ ...family, samples }));
}
