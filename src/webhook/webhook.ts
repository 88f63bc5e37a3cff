import { GafferdError } from "../errors.ts";
import { parsePattern } from "../events/pattern.ts";
import { parseSecret } from "./signature.ts";

/** Whom to tell of which events, and how. There is one for a URL, so that it hears of all in one order. */
export interface Webhook {
  /** Made of the URL alone, so that what waits for it is found again after a restart. */
  readonly id: string;
  readonly url: string;
  /** At least one, as `GET /watch` has them; an event that several match is sent once. */
  readonly patterns: readonly string[];
  /** Signs what is sent; absent: unsigned. */
  readonly secret?: string;
  /** How long one delivery may take. */
  readonly timeoutMs: number;
  /** How often a delivery that failed is tried again. */
  readonly retries: number;
  /** The file's are as the file has them at each start; the API's are kept until they are taken back. */
  readonly source: "file" | "api";
}

/** What holds for all webhooks that do not say otherwise. */
export interface DeliverySettings {
  /** Signs what is sent; absent: unsigned. */
  readonly secret?: string;
  /** How long one delivery may take. */
  readonly timeoutMs: number;
  /** How often a delivery that failed is tried again. */
  readonly retries: number;
}

/** What `[webhooks]` says. */
export interface FileWebhooks extends DeliverySettings {
  /** A pattern of `GET /watch` (`.` is every event), and URLs of http or https. */
  readonly hooks: readonly { readonly pattern: string; readonly urls: readonly string[] }[];
}

/** Of a call of the API; what is absent is as before, or as by default. */
export interface WebhookRequest extends Partial<DeliverySettings> {
  readonly url: string;
  readonly pattern: string;
}

export function webhookIdOf(url: string): string {
  return `wh_${new Bun.CryptoHasher("sha256").update(url).digest("hex").slice(0, 16)}`;
}

/** The webhooks of `[webhooks]`, in the order of its URLs. */
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

/** The URL as it is sent to. Throws `bad_value`. */
export function parseWebhookUrl(text: string): string {
  const url = URL.parse(text);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url.href;
  throw new GafferdError("bad_value", `\`url\` must begin with http:// or https://, not ${JSON.stringify(text)}`, {
    field: "url",
  });
}

/** What a caller asks for, added to what there is of that URL. Throws `bad_value`. */
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

/** As the outbox keeps one of the file, for the file keeps its secret. */
export function withoutSecret(webhook: Webhook): Webhook {
  const { id, url, patterns, timeoutMs, retries, source } = webhook;
  return { id, url, patterns, timeoutMs, retries, source };
}

/** The URL for people, without the secrets it may hold: its password, and the values of its query. */
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
