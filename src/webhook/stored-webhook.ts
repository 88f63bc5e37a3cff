import { Type } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { parseWebhookUrl, type Webhook, webhookIdOf } from "./webhook.ts";
import { parsePattern } from "../events/pattern.ts";
import { parseSecret } from "./signature.ts";

const storedSchema = Type.Object({
  id: Type.String(),
  url: Type.String(),
  patterns: Type.Array(Type.String(), { minItems: 1 }),
  secret: Type.Optional(Type.String()),
  timeoutMs: Type.Number({ exclusiveMinimum: 0 }),
  retries: Type.Number({ minimum: 0 }),
  source: Type.Union([Type.Literal("file"), Type.Literal("api")]),
});

/**
 * Reads the settings of a webhook in the database; `key` is its id there. Throws an error if they are not what gafferd wrote, so that a damaged
 * database sends nothing to a URL that nobody registered.
 */
export function parseStoredWebhook(settings: string, key: string): Webhook {
  const webhook: unknown = JSON.parse(settings);
  if (!Value.Check(storedSchema, webhook)) throw new Error("the settings of a webhook are damaged");
  const { id, url, patterns, secret } = webhook;
  if (parseWebhookUrl(url) !== url || webhookIdOf(url) !== id || id !== key)
    throw new Error("the URL of a webhook is damaged");
  for (const pattern of patterns) parsePattern([pattern]);
  if (secret !== undefined) parseSecret(secret);
  return webhook as Webhook;
}
