import { maxDurationMs, parseDuration } from "../template/duration.ts";
import { suggestion } from "../suggestion.ts";
import { parseSecret } from "../webhook/signature.ts";
import type { FileWebhooks } from "../webhook/webhook.ts";
import type { IniValue } from "./ini.ts";
import { attempt, type Report, reportValue, type Section } from "./section.ts";
import { badValue, parseInteger } from "./value.ts";

/** The events of `events/event.ts`, by the names that clients see. */
export const eventNames = [
  "create",
  "start",
  "stop",
  "restart",
  "update",
  "delete",
  "spawn",
  "reap",
  "exit",
  "stop_pid",
  "flap",
] as const;

export const defaultWebhooks: FileWebhooks = { hooks: [], timeoutMs: 10_000, retries: 10 };

/**
 * Reads `[webhooks]`: a key may stand there several times, and each may have several URLs. `names` are those of the
 * templates that the files have.
 */
export function readWebhooks(section: Section, names: readonly string[], report: Report): FileWebhooks {
  const urlsOf = new Map<string, string[]>();
  const delivery = new Map<string, { value: IniValue; setting: string | number }>();
  for (const value of section.values) {
    attempt(section, value, report, () => {
      if (Object.hasOwn(deliveryReaders, value.key)) {
        const earlier = delivery.get(value.key);
        if (earlier) return reportValue(section, value, report, `stands already at line ${earlier.value.line}`);
        // `hasOwn` has just said so.
        const setting = deliveryReaders[value.key as keyof typeof deliveryReaders](value.text);
        delivery.set(value.key, { value, setting });
        return;
      }
      checkPattern(value.key, names);
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
  if (key === "." || eventNames.some((event) => event === key)) return;
  if (/^proc\../.test(key)) return checkTemplatePattern(key.slice("proc.".length), names);
  const known = [...eventNames, ...Object.keys(deliveryReaders)];
  const near = suggestion(key, known);
  throw badValue(`is not an event${near || `: known are . for all, ${eventNames.join(", ")}, and proc.NAME[.EVENT]`}`);
}

/** A name may hold dots, so `web.exti` may be a template to come; next to a template `web` it is a slip. */
function checkTemplatePattern(path: string, names: readonly string[]): void {
  const name = names.find((each) => path.startsWith(`${each}.`));
  if (name === undefined || names.includes(path)) return;
  const event = path.slice(name.length + 1);
  const near = eventNames.some((each) => each === event) ? "" : suggestion(event, eventNames);
  if (near !== "") throw badValue(`\`${event}\` is not an event${near}`);
}

function toUrls(text: string): string[] {
  const urls = text.split(/\s+/).filter((url) => url !== "");
  if (urls.length === 0) throw badValue("must be one or more URLs, and is empty");
  return urls.map((url) => {
    const { protocol, href } = URL.canParse(url) ? new URL(url) : { protocol: "", href: "" };
    if (protocol !== "http:" && protocol !== "https:") {
      throw badValue(`must be URLs that begin with http:// or https://, not ${JSON.stringify(url)}`);
    }
    return href;
  });
}
