import { type Static, Type } from "@sinclair/typebox";
import { eventTypes } from "../events/event.ts";
import { nullable } from "./nullable.ts";

const count = (description: string) => Type.Integer({ minimum: 0, description });
const time = Type.String({ format: "date-time" });

const url = Type.String({ minLength: 1, description: "Where events are sent to: http or https." });
const pattern = Type.String({
  minLength: 1,
  description: `Which events: ${eventTypes.map((type) => `\`${type}\``).join(", ")}, \`proc.NAME\`, \`proc.NAME.EVENT\`, or \`.\` for all.`,
});
const idSchema = Type.String({ description: "Made of the URL alone." });

export const webhookBodySchema = Type.Object(
  {
    url,
    event: Type.Optional(pattern),
    pattern: Type.Optional(Type.String({ minLength: 1, description: "The same as `event`; one of both is required." })),
    secret: Type.Optional(
      Type.String({
        description: "Signs what is sent: `whsec_` and 24 to 64 bytes in base64. Default: the one there is.",
      }),
    ),
    timeout: Type.Optional(
      Type.Union([Type.Number(), Type.String()], {
        title: "seconds, or a duration such as 500ms",
        description: "How long one delivery may take: seconds, or `500ms`, `30s`. Default: that of the file.",
      }),
    ),
    retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 1000,
        description: "How often a delivery that failed is tried again. Default: that of the file.",
      }),
    ),
  },
  { additionalProperties: false, description: "A URL to tell of events." },
);

export const webhookRemovalSchema = Type.Object(
  {
    url,
    event: Type.Optional(Type.String({ minLength: 1, description: "One of its patterns; default all." })),
    pattern: Type.Optional(Type.String({ minLength: 1, description: "The same as `event`." })),
  },
  { additionalProperties: false, description: "What to take back of a URL." },
);

export const webhookDocumentSchema = Type.Object(
  {
    id: idSchema,
    url: Type.String({ description: "Without the password that it may hold." }),
    patterns: Type.Array(pattern, { description: "An event that several match is sent once." }),
    source: Type.Unsafe<"file" | "api">({ type: "string", enum: ["file", "api"], description: "Who registered it." }),
    signed: Type.Boolean({ description: "It has a secret, which nobody is shown." }),
    timeout: Type.Number({ description: "Seconds that one delivery may take." }),
    retries: count("How often a delivery that failed is tried again."),
    state: Type.Unsafe<"idle" | "sending" | "waiting" | "stopped">({
      type: "string",
      enum: ["idle", "sending", "waiting", "stopped"],
      description: "`waiting`: an attempt failed, and is tried again. `stopped`: it is being unregistered.",
    }),
    queued: count("Events that wait to be delivered."),
    next_try_at: nullable(time, "`null` unless it is `waiting`."),
    delivered: count("Events that were delivered since gafferd started; so are the figures that follow."),
    failed: count("Attempts that failed."),
    given_up: count("Events that were given up after all attempts."),
    dropped: count("Events that were dropped, because too many waited or for too long."),
  },
  { description: "A URL that is told of events, and how it stands." },
);

export const deliveryDocumentSchema = Type.Object(
  {
    time: Type.String({ format: "date-time", description: "When it began." }),
    event_id: Type.String({ description: "`webhook-id`, the event's `id`." }),
    attempt: Type.Integer({ minimum: 1, description: "1 is the first of this event." }),
    status: nullable(Type.Integer(), "Of the answer; `null` when there was none."),
    error: nullable(Type.String(), "Why it failed; `null` when it was delivered."),
    duration_ms: count("How long it took, in milliseconds."),
    next_try_at: nullable(time, "`null` when it is not tried again."),
  },
  { description: "An attempt to deliver an event." },
);

export type WebhookBody = Static<typeof webhookBodySchema>;
export type WebhookRemoval = Static<typeof webhookRemovalSchema>;
export type WebhookDocument = Static<typeof webhookDocumentSchema>;
export type DeliveryDocument = Static<typeof deliveryDocumentSchema>;
