import { GafferdError } from "../errors.ts";
import { eventTypes } from "../events/event.ts";
import { type EventPattern, parsePattern } from "../events/pattern.ts";
import { maxDurationMs, parseDuration } from "../template/duration.ts";
import { suggestion } from "../suggestion.ts";
import { parseSecret } from "../webhook/signature.ts";
import type { FileWebhooks } from "../webhook/webhook.ts";
import type { IniValue } from "./ini.ts";
import { attempt, type Report, reportValue, type Section, warnOfValue } from "./section.ts";
import { badValue, parseInteger } from "./value.ts";

export const defaultWebhooks: FileWebhooks = { hooks: [], timeoutMs: 10_000, retries: 10 };

/**
 * Reads `[webhooks]`. An event may be listed several times, each time with several URLs. `names` are the names of the
 * templates in the files.
 */
export function readWebhooks(section: Section, names: readonly string[], report: Report): FileWebhooks {
  const urlsOf = new Map<string, string[]>();
  const delivery = new Map<string, { value: IniValue; setting: string | number }>();
  for (const value of section.values) {
    attempt(section, value, report, () => {
      if (Object.hasOwn(deliveryReaders, value.key)) {
        const earlier = delivery.get(value.key);
        if (earlier)
          return reportValue(section, value, report, `duplicate key; first defined at line ${earlier.value.line}`);
        // `hasOwn` has just checked the key.
        const setting = deliveryReaders[value.key as keyof typeof deliveryReaders](value.text);
        delivery.set(value.key, { value, setting });
        return;
      }
      checkPattern(value.key, names);
      if (!hasSource(value.key, names)) warnOfValue(section, value, report, "matches no process of this configuration");
      urlsOf.set(value.key, [...(urlsOf.get(value.key) ?? []), ...toUrls(value.text)]);
    });
  }
  const secret = delivery.get("secret")?.setting;
  return {
    hooks: [...urlsOf].map(([pattern, urls]) => ({ pattern, urls: [...new Set(urls)] })),
    ...(secret !== undefined && { secret: String(secret) }),
    timeoutMs: Number(delivery.get("timeout")?.setting ?? defaultWebhooks.timeoutMs),
    retries: Number(delivery.get("retries")?.setting ?? defaultWebhooks.retries),
  };
}

const deliveryReaders = {
  secret: (text: string) => {
    parseSecret(text);
    return text;
  },
  timeout: (text: string) => {
    const ms = parseDuration(text);
    if (ms === 0 || ms >= maxDurationMs) throw badValue(`must be more than 0 and less than 24 days, not ${text}`);
    return ms;
  },
  retries: (text: string) => parseInteger(text, 0, 1000),
};

function checkPattern(key: string, names: readonly string[]): void {
  const { name, type } = readPattern(key);
  if (name !== undefined && type === undefined) checkName(name, names);
}

/** Whether a pattern matches a template. A name may end like an event: `web.exit`. */
function hasSource(key: string, names: readonly string[]): boolean {
  const { name } = readPattern(key);
  return name === undefined || names.includes(name) || names.includes(key.slice("proc.".length));
}

/** Parses a pattern of `GET /watch` that is not split at `/`. */
function readPattern(key: string): EventPattern {
  try {
    return parsePattern([key]);
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
    const near = suggestion(key, [...eventTypes, ...Object.keys(deliveryReaders)]);
    const known = `. (all events), ${eventTypes.join(", ")} or proc.NAME[.EVENT]`;
    throw badValue(`unknown event${near || `; write ${known}`}`);
  }
}

/**
 * A name may contain dots, so `web.exti` could be a template that is created later. If `web` exists, it is a mistake.
 */
function checkName(path: string, names: readonly string[]): void {
  const name = names.find((each) => path.startsWith(`${each}.`));
  if (name === undefined || names.includes(path)) return;
  const event = path.slice(name.length + 1);
  const near = suggestion(event, eventTypes);
  if (near !== "") throw badValue(`unknown event \`${event}\`${near}`);
}

function toUrls(text: string): string[] {
  const urls = text.split(/\s+/).filter((url) => url !== "");
  if (urls.length === 0) throw badValue("must be one or more URLs, but is empty");
  return urls.map((url) => {
    const { protocol, href } = URL.canParse(url) ? new URL(url) : { protocol: "", href: "" };
    if (protocol !== "http:" && protocol !== "https:") {
      throw badValue(`must be URLs that begin with http:// or https://, not ${JSON.stringify(url)}`);
    }
    return href;
  });
}
