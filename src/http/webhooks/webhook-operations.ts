import type { Parameter } from "../operation/parameter.ts";
import { json, ok, type OperationDescription, type OperationTable, ref } from "../operation/operation.ts";

const tag = "webhooks";
const example = { event: "exit", url: "http://localhost:9000/exits" };
const exampleId = "wh_03c6fe61109c9083";

const id: Parameter = {
  name: "id",
  description: "Of a webhook, as `POST /webhooks` answers it.",
  schema: { type: "string", minLength: 1 },
  examples: [exampleId],
};

const one = { tag, path: [id], errors: ["bad_value", "not_found"] } as const satisfies Partial<OperationDescription>;

export const webhookOperations: OperationTable = {
  "GET /webhooks": {
    id: "listWebhooks",
    tag,
    summary: "All webhooks",
    answers: json("In the order of registration.", { type: "array", items: ref("Webhook") }),
  },
  "POST /webhooks": {
    id: "addWebhook",
    tag,
    summary: "Tell a URL of events",
    description:
      "Each event is sent as a `POST` of what `GET /watch` tells, with an `id`. One URL is one webhook: another pattern for it is added, and other settings replace those there are. It survives gafferd.",
    body: {
      description: "What is not known as a key is refused.",
      type: "application/json",
      schema: ref("WebhookSettings"),
      example,
    },
    answers: ok("It is kept.", { id: { type: "string" } }, { id: exampleId }),
    errors: ["bad_value", "invalid_json", "too_large", "conflict", "overloaded"],
  },
  "DELETE /webhooks": {
    id: "removeWebhookOfUrl",
    tag,
    summary: "Tell a URL of no events, or not of those of a pattern",
    description: "With its last pattern the webhook goes, and what waits for it.",
    body: {
      description: "The URL, and the pattern unless all are meant.",
      type: "application/json",
      schema: ref("WebhookRemoval"),
      example,
    },
    answers: ok("It is taken back."),
    errors: ["bad_value", "invalid_json", "too_large", "not_found", "overloaded"],
  },
  "GET /webhooks/:id": {
    ...one,
    id: "getWebhook",
    summary: "A webhook, and how it stands",
    answers: json("Settings and figures.", ref("Webhook")),
  },
  "DELETE /webhooks/:id": {
    ...one,
    id: "removeWebhook",
    summary: "Take a webhook back",
    description: "What waits for it is dropped. One of the configuration file is back at the next start.",
    answers: ok("It is taken back."),
    errors: ["bad_value", "not_found", "overloaded"],
  },
  "GET /webhooks/:id/deliveries": {
    ...one,
    id: "listDeliveries",
    summary: "The last attempts to deliver",
    description: "The last hundred since gafferd started.",
    answers: ok("Oldest first.", { deliveries: { type: "array", items: ref("Delivery") } }, { deliveries: [] }),
  },
};
