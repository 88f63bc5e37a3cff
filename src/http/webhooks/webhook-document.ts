import type { Attempt, Sender } from "../../webhook/sender.ts";
import { shownUrl } from "../../webhook/webhook.ts";
import type { DeliveryDocument, WebhookDocument } from "../../documents/webhook-schemas.ts";
import { toTime, toTimeOrNull } from "../../documents/time.ts";

export function toWebhookDocument({ webhook, state, queued, nextTryAtMs, counts }: Sender): WebhookDocument {
  return {
    id: webhook.id,
    url: shownUrl(webhook.url),
    patterns: [...webhook.patterns],
    source: webhook.source,
    signed: webhook.secret !== undefined,
    timeout: webhook.timeoutMs / 1000,
    retries: webhook.retries,
    state,
    queued,
    next_try_at: toTimeOrNull(nextTryAtMs),
    delivered: counts.delivered,
    failed: counts.failed,
    given_up: counts.givenUp,
    dropped: counts.dropped,
  };
}

export function toDeliveryDocument(attempt: Attempt): DeliveryDocument {
  return {
    time: toTime(attempt.timeMs),
    event_id: attempt.messageId,
    attempt: attempt.number,
    status: attempt.status ?? null,
    error: attempt.error ?? null,
    duration_ms: attempt.durationMs,
    next_try_at: toTimeOrNull(attempt.nextTryAtMs),
  };
}
