import type { Parameter } from "../operation/parameter.ts";
import { json, ok, type OperationDescription, type OperationTable, ref } from "../operation/operation.ts";

const tag = "webhooks";
const example = { event: "exit", url: "http://localhost:9000/exits" };
const exampleId = "wh_03c6fe61109c9083";

const id: Parameter = {
  name: "id",
  description: "The ID of a webhook, as returned by `POST /webhooks`.",
  schema: { type: "string", minLength: 1 },
  examples: [exampleId],
};

const one = { tag, path: [id], errors: ["bad_value", "not_found"] } as const satisfies Partial<OperationDescription>;

export const webhookOperations: OperationTable = {
  "GET /webhooks": {
    id: "listWebhooks",
    tag,
    summary: "List webhooks",
    answers: json("All webhooks, in order of registration.", { type: "array", items: ref("Webhook") }),
  },
  "POST /webhooks": {
    id: "addWebhook",
    tag,
    summary: "Register a webhook",
    description:
      "Each event is sent as a `POST` request with the JSON of `GET /watch`, plus an `id`. There is one webhook per URL: registering the URL again adds the pattern, and replaces the settings that are given. The webhook is kept when gafferd restarts.",
    body: {
      description: "The webhook. Unknown keys are rejected.",
      type: "application/json",
      schema: ref("WebhookSettings"),
      example,
    },
    answers: ok("The webhook was saved. `id` is its ID.", { id: { type: "string" } }, { id: exampleId }),
    errors: ["bad_value", "invalid_json", "too_large", "conflict", "overloaded"],
  },
  "DELETE /webhooks": {
    id: "removeWebhookOfUrl",
    tag,
    summary: "Remove a webhook, or one of its patterns",
    description: "Removing the last pattern removes the webhook and its queued events.",
    body: {
      description: "The URL, and the pattern to remove. Without a pattern, the webhook is removed.",
      type: "application/json",
      schema: ref("WebhookRemoval"),
      example,
    },
    answers: ok("The webhook or the pattern was removed."),
    errors: ["bad_value", "invalid_json", "too_large", "not_found", "overloaded"],
  },
  "GET /webhooks/:id": {
    ...one,
    id: "getWebhook",
    summary: "Get a webhook",
    answers: json("The settings, state and counters of the webhook.", ref("Webhook")),
  },
  "DELETE /webhooks/:id": {
    ...one,
    id: "removeWebhook",
    summary: "Remove a webhook",
    description:
      "Queued events are dropped. A webhook of the configuration file is registered again at the next start.",
    answers: ok("The webhook was removed."),
    errors: ["bad_value", "not_found", "overloaded"],
  },
  "GET /webhooks/:id/deliveries": {
    ...one,
    id: "listDeliveries",
    summary: "List the last delivery attempts",
    description: "Lists up to 100 attempts since gafferd started.",
    answers: ok(
      "The attempts, oldest first.",
      { deliveries: { type: "array", items: ref("Delivery") } },
      { deliveries: [] },
    ),
  },
};
