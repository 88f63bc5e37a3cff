import type { Sender } from "../../webhook/sender.ts";
import type { MetricFamily, MetricSample } from "./metrics-text.ts";

type Metric = Omit<MetricFamily, "samples"> & { readonly samplesOf: (sender: Sender) => readonly MetricSample[] };

/** By webhook; the label is its id, for a URL may hold a secret. */
export function webhookFamilies(senders: readonly Sender[]): MetricFamily[] {
  return metrics.map(({ samplesOf, ...family }) => ({ ...family, samples: senders.flatMap(samplesOf) }));
}

const metrics: readonly Metric[] = [
  {
    name: "gafferd_webhook_queued_events",
    type: "gauge",
    help: "Events that wait to be delivered.",
    samplesOf: ({ webhook, queued }) => [{ labels: { webhook: webhook.id }, value: queued }],
  },
  {
    name: "gafferd_webhook_attempts_total",
    type: "counter",
    help: "Attempts to deliver an event, by their outcome.",
    samplesOf: ({ webhook, counts }) => [
      { labels: { webhook: webhook.id, outcome: "delivered" }, value: counts.delivered },
      { labels: { webhook: webhook.id, outcome: "failed" }, value: counts.failed },
    ],
  },
  {
    name: "gafferd_webhook_lost_events_total",
    type: "counter",
    help: "Events that are not delivered: given up after all attempts, or dropped because too many wait or for too long.",
    samplesOf: ({ webhook, counts }) => [
      { labels: { webhook: webhook.id, reason: "given_up" }, value: counts.givenUp },
      { labels: { webhook: webhook.id, reason: "dropped" }, value: counts.dropped },
    ],
  },
];
