import type { Message } from "./outbox.ts";
import { parseSecret, sign } from "./signature.ts";

interface Sent {
  readonly secret: string | undefined;
  /** Events that were lost since the last delivery. */
  readonly missed: number;
  readonly userAgent: string;
  readonly nowMs: number;
}

/** The headers of a delivery: those of Standard Webhooks, and `X-Gaffer-Gap`, the number of events lost before it. */
export function toHeaders(
  { id, body }: Pick<Message, "id" | "body">,
  { secret, missed, userAgent, nowMs }: Sent,
): Record<string, string> {
  const timestampSeconds = Math.floor(nowMs / 1000);
  return {
    "content-type": "application/json",
    "user-agent": userAgent,
    "webhook-id": id,
    "webhook-timestamp": String(timestampSeconds),
    ...(secret !== undefined && { "webhook-signature": sign(parseSecret(secret), { id, timestampSeconds, body }) }),
    ...(missed > 0 && { "x-gaffer-gap": String(missed) }),
  };
}
