import type { Sender } from "../../webhook/sender.ts";
import { type MetricOf, readFamilies } from "./metric-table.ts";
import type { MetricFamily } from "./metrics-text.ts";

/** Metrics of each webhook, one per step. The label is its id, because a URL may contain a secret. */
export function webhookFamilies(senders: readonly Sender[]): Generator<void, MetricFamily[]> {
  return readFamilies(metrics, senders);
}

const metrics: readonly MetricOf<Sender>[] = [
  {
    name: "gafferd_webhook_queued_events",
    type: "gauge",
    help: "Events that are waiting to be delivered.",
    samplesOf: ({ webhook, queued }) => [{ labels: { webhook: webhook.id }, value: queued }],
  },
  {
    name: "gafferd_webhook_attempts_total",
    type: "counter",
    help: "Attempts to deliver an event, by outcome.",
    samplesOf: ({ webhook, counts }) => [
      { labels: { webhook: webhook.id, outcome: "delivered" }, value: counts.delivered },
      { labels: { webhook: webhook.id, outcome: "failed" }, value: counts.failed },
    ],
  },
  {
    name: "gafferd_webhook_lost_events_total",
    type: "counter",
    help: "Events that were not delivered: given up after all attempts, or dropped because the queue was full or they had waited too long.",
    samplesOf: ({ webhook, counts }) => [
      { labels: { webhook: webhook.id, reason: "given_up" }, value: counts.givenUp },
      { labels: { webhook: webhook.id, reason: "dropped" }, value: counts.dropped },
    ],
  },
];
