import { createHmac } from "node:crypto";
import { GafferdError } from "../errors.ts";

const prefix = "whsec_";
const minBytes = 24;
const maxBytes = 64;

/**
 * The key in a secret of Standard Webhooks: base64 of 24 to 64 bytes, with or without the prefix `whsec_` (its libraries
 * accept both). Throws `bad_value`; the message never shows the secret.
 */
export function parseSecret(secret: string): Buffer {
  const text = secret.startsWith(prefix) ? secret.slice(prefix.length) : secret;
  const key = Buffer.from(text, "base64");
  const isBase64 = key.toString("base64").replace(/=+$/, "") === text.replace(/=+$/, "");
  if (isBase64 && key.length >= minBytes && key.length <= maxBytes) return key;
  const reason = isBase64 ? `this one has ${key.length} bytes` : "this one is not base64";
  throw new GafferdError(
    "bad_value",
    `must be ${prefix} and ${minBytes} to ${maxBytes} bytes in base64, and ${reason}: \`openssl rand -base64 32\` makes one`,
    { field: "secret" },
  );
}

/**
 * The header `webhook-signature` of Standard Webhooks 1. The npm library is not used because it brings its own SHA-256
 * in JavaScript; here it is one call. The tests verify signatures with that library.
 */
export function sign(key: Buffer, message: { id: string; timestampSeconds: number; body: string }): string {
  const signed = `${message.id}.${message.timestampSeconds}.${message.body}`;
  return `v1,${createHmac("sha256", key).update(signed).digest("base64")}`;
}
