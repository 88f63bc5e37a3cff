import { Elysia } from "elysia";
import { GafferdError } from "../../errors.ts";
import { maxDurationMs, parseDuration } from "../../template/duration.ts";
import { findShapeProblems } from "../../template/problem.ts";
import { parseWebhookUrl, webhookIdOf, type WebhookRequest } from "../../webhook/webhook.ts";
import type { Webhooks } from "../../webhook/webhooks.ts";
import { readObject } from "../operation/body.ts";
import { toDeliveryDocument, toWebhookDocument } from "./webhook-document.ts";
import {
  type WebhookBody,
  webhookBodySchema,
  type WebhookRemoval,
  webhookRemovalSchema,
} from "../../documents/webhook-schemas.ts";

/** `/webhooks`: register, list and remove webhooks, and list their delivery attempts. */
export function webhookRoutes(webhooks: Webhooks) {
  return new Elysia({ name: "webhooks" })
    .get("/webhooks", () => webhooks.list().map(toWebhookDocument))
    .post(
      "/webhooks",
      async ({ request }) => ({
        ok: true,
        id: await webhooks.register(toRequest(await readObject(request, "bad_value"))),
      }),
      { parse: "none" },
    )
    .delete(
      "/webhooks",
      async ({ request }) => {
        const { url, event, pattern } = check<WebhookRemoval>(
          webhookRemovalSchema,
          await readObject(request, "bad_value"),
        );
        await webhooks.unregister(webhookIdOf(parseWebhookUrl(url)), event ?? pattern);
        return { ok: true };
      },
      { parse: "none" },
    )
    .get("/webhooks/:id", ({ params }) => toWebhookDocument(webhooks.get(params.id)))
    .delete("/webhooks/:id", async ({ params }) => {
      await webhooks.unregister(params.id);
      return { ok: true };
    })
    .get("/webhooks/:id/deliveries", ({ params }) => ({
      ok: true,
      deliveries: webhooks.get(params.id).attempts.map(toDeliveryDocument),
    }));
}

function toRequest(body: Record<string, unknown>): WebhookRequest {
  const { url, event, pattern = event, secret, timeout, retries } = check<WebhookBody>(webhookBodySchema, body);
  if (pattern === undefined) throw refuse("event", "is required");
  return {
    url,
    pattern,
    ...(secret !== undefined && { secret }),
    ...(timeout !== undefined && { timeoutMs: toTimeoutMs(timeout) }),
    ...(retries !== undefined && { retries }),
  };
}

function toTimeoutMs(timeout: string | number): number {
  const ms = inField("timeout", () => parseDuration(timeout));
  if (ms === 0 || ms >= maxDurationMs) throw refuse("timeout", "must be more than 0 and less than 24 days");
  return ms;
}

/** Reports an invalid duration as an error of this field. */
function inField<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof GafferdError) throw refuse(field, `must be a duration: ${error.message}`);
    throw error;
  }
}

/** Returns the body if it matches `schema`, whose static type is `T`. Throws `bad_value`. */
function check<T>(schema: Parameters<typeof findShapeProblems>[0], body: Record<string, unknown>): T {
  const [problem] = findShapeProblems(schema, body);
  if (problem !== undefined) throw refuse(problem.field, problem.message);
  return body as T;
}

function refuse(field: string, message: string): GafferdError {
  return new GafferdError("bad_value", `cannot accept the webhook: \`${field}\` ${message}`, { field });
}
