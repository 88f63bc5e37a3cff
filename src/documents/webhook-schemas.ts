import { type Static, Type } from "@sinclair/typebox";
import { eventTypes } from "../events/event.ts";
import { nullable } from "./nullable.ts";

const count = (description: string) => Type.Integer({ minimum: 0, description });
const time = Type.String({ format: "date-time" });

const url = Type.String({ minLength: 1, description: "The `http` or `https` URL to send events to." });
const pattern = Type.String({
  minLength: 1,
  description: `The events to send: an event type (${eventTypes.map((type) => `\`${type}\``).join(", ")}), \`proc.NAME\`, \`proc.NAME.EVENT\`, or \`.\` for all events.`,
});
const idSchema = Type.String({ description: "The ID of the webhook, derived from its URL." });

export const webhookBodySchema = Type.Object(
  {
    url,
    event: Type.Optional(pattern),
    pattern: Type.Optional(Type.String({ minLength: 1, description: "Same as `event`. One of the two is required." })),
    secret: Type.Optional(
      Type.String({
        description:
          "The secret that signs each request: `whsec_`, then 24 to 64 bytes in base64. Default: the webhook's current secret, if it has one.",
      }),
    ),
    timeout: Type.Optional(
      Type.Union([Type.Number(), Type.String()], {
        title: "seconds, or a duration such as 500ms",
        description:
          "The timeout of one attempt: a number of seconds, or a duration such as `500ms` or `30s`. Default: the `timeout` of the configuration file.",
      }),
    ),
    retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description: "How many times a failed delivery is retried. Default: the `retries` of the configuration file.",
      }),
    ),
  },
  { additionalProperties: false, description: "A URL to send events to." },
);

export const webhookRemovalSchema = Type.Object(
  {
    url,
    event: Type.Optional(
      Type.String({ minLength: 1, description: "The pattern to remove. Default: all patterns of the URL." }),
    ),
    pattern: Type.Optional(Type.String({ minLength: 1, description: "Same as `event`." })),
  },
  { additionalProperties: false, description: "The URL, and the pattern to remove." },
);

export const webhookDocumentSchema = Type.Object(
  {
    id: idSchema,
    url: Type.String({ description: "The URL, without its password." }),
    patterns: Type.Array(pattern, {
      description: "The patterns of the webhook. An event that matches several of them is sent once.",
    }),
    source: Type.Unsafe<"file" | "api">({
      type: "string",
      enum: ["file", "api"],
      description: "Where the webhook was registered: in the configuration `file`, or over the `api`.",
    }),
    signed: Type.Boolean({
      description: "Whether requests are signed with a secret. The API never returns the secret.",
    }),
    timeout: Type.Number({ description: "The timeout of one attempt, in seconds." }),
    retries: count("How many times a failed delivery is retried."),
    state: Type.Unsafe<"idle" | "sending" | "waiting" | "stopped">({
      type: "string",
      enum: ["idle", "sending", "waiting", "stopped"],
      description:
        "The state of the webhook. `waiting`: an attempt failed and will be retried. `stopped`: the webhook is being removed.",
    }),
    queued: count("Events that are waiting to be delivered."),
    next_try_at: nullable(time, "The time of the next attempt. `null` unless `state` is `waiting`."),
    delivered: count("Events delivered since gafferd started."),
    failed: count("Failed attempts since gafferd started."),
    given_up: count("Events since gafferd started whose attempts all failed."),
    dropped: count("Events dropped since gafferd started, because the queue was full or they had waited too long."),
  },
  { description: "A webhook: its settings, state and counters." },
);

export const deliveryDocumentSchema = Type.Object(
  {
    time: Type.String({ format: "date-time", description: "When the attempt began." }),
    event_id: Type.String({ description: "The `id` of the event, sent in the `webhook-id` header." }),
    attempt: Type.Integer({ minimum: 1, description: "The number of the attempt for this event; the first is 1." }),
    status: nullable(Type.Integer(), "The HTTP status of the response. `null` if there was no response."),
    error: nullable(Type.String(), "Why the attempt failed. `null` if the event was delivered."),
    duration_ms: count("The duration of the attempt, in milliseconds."),
    next_try_at: nullable(time, "The time of the next attempt for this event. `null` if there is none."),
  },
  { description: "An attempt to deliver an event." },
);

export type WebhookBody = Static<typeof webhookBodySchema>;
export type WebhookRemoval = Static<typeof webhookRemovalSchema>;
export type WebhookDocument = Static<typeof webhookDocumentSchema>;
export type DeliveryDocument = Static<typeof deliveryDocumentSchema>;
