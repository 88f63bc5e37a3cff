import { GafferdError } from "../errors.ts";
import { parsePattern } from "../events/pattern.ts";
import { parseSecret } from "./signature.ts";

/** A URL, the events that are sent to it, and how. There is one webhook for each URL, so that it gets all events in order. */
export interface Webhook {
  /** Derived from the URL, so that its queue is found again after a restart. */
  readonly id: string;
  readonly url: string;
  /** At least one pattern of `GET /watch`. An event that matches several is sent once. */
  readonly patterns: readonly string[];
  /** The key for signatures. Absent: unsigned. */
  readonly secret?: string;
  /** The time limit of one delivery. */
  readonly timeoutMs: number;
  /** How many times a failed delivery is tried again. */
  readonly retries: number;
  /** Webhooks of the file are read from it at each start; those of the API are kept until they are deleted. */
  readonly source: "file" | "api";
}

/** Defaults for webhooks without their own settings. */
export interface DeliverySettings {
  /** The key for signatures. Absent: unsigned. */
  readonly secret?: string;
  /** The time limit of one delivery. */
  readonly timeoutMs: number;
  /** How many times a failed delivery is tried again. */
  readonly retries: number;
}

/** The section `[webhooks]`. */
export interface FileWebhooks extends DeliverySettings {
  /** A pattern of `GET /watch` (`.` is every event), and URLs of http or https. */
  readonly hooks: readonly { readonly pattern: string; readonly urls: readonly string[] }[];
}

/** A request of the API. Settings that are absent stay as they are, or take their default. */
export interface WebhookRequest extends Partial<DeliverySettings> {
  readonly url: string;
  readonly pattern: string;
}

export function webhookIdOf(url: string): string {
  return `wh_${new Bun.CryptoHasher("sha256").update(url).digest("hex").slice(0, 16)}`;
}

/** The webhooks of `[webhooks]`, in the order of their URLs. */
export function groupByUrl({ hooks, secret, timeoutMs, retries }: FileWebhooks): Webhook[] {
  const patternsOf = new Map<string, string[]>();
  for (const { pattern, urls } of hooks) {
    for (const url of urls) patternsOf.set(url, [...(patternsOf.get(url) ?? []), pattern]);
  }
  return [...patternsOf].map(([url, patterns]) => ({
    id: webhookIdOf(url),
    url,
    patterns,
    ...(secret !== undefined && { secret }),
    timeoutMs,
    retries,
    source: "file",
  }));
}

/** The URL in its normal form. Throws `bad_value`. */
export function parseWebhookUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.href;
  throw new GafferdError("bad_value", `\`url\` must begin with http:// or https://, not ${JSON.stringify(text)}`, {
    field: "url",
  });
}

/** Merges a request with the existing webhook for that URL. Throws `bad_value`. */
export function mergeRequest(
  request: WebhookRequest,
  present: Webhook | undefined,
  byDefault: DeliverySettings,
): Webhook {
  const url = parseWebhookUrl(request.url);
  checkPattern(request.pattern);
  const secret = request.secret ?? present?.secret;
  if (secret !== undefined) parseSecret(secret);
  return {
    id: webhookIdOf(url),
    url,
    patterns: [...new Set([...(present?.patterns ?? []), request.pattern])],
    ...(secret !== undefined && { secret }),
    timeoutMs: request.timeoutMs ?? present?.timeoutMs ?? byDefault.timeoutMs,
    retries: request.retries ?? present?.retries ?? byDefault.retries,
    source: "api",
  };
}

/** What the outbox stores of a webhook of the file: everything but its secret. */
export function withoutSecret(webhook: Webhook): Webhook {
  const { id, url, patterns, timeoutMs, retries, source } = webhook;
  return { id, url, patterns, timeoutMs, retries, source };
}

/** The URL for display, without secrets: its password and the values of its query are `***`. */
export function shownUrl(url: string): string {
  const shown = new URL(url);
  if (shown.password !== "") shown.password = "***";
  for (const name of new Set(shown.searchParams.keys())) shown.searchParams.set(name, "***");
  return shown.href;
}

function checkPattern(pattern: string): void {
  try {
    parsePattern([pattern]);
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
    const message = `\`event\` must be an event, proc.NAME, proc.NAME.EVENT or . for all: ${error.message}`;
    throw new GafferdError("bad_value", message, { field: "event", cause: error });
  }
}
