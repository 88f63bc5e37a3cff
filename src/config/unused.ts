import type { Config } from "./config.ts";

/** Says which settings were given and checked that this version does nothing with. */
export function findUnused({ webhooks }: Config): string[] {
  return webhooks.hooks.length > 0 ? ["[webhooks] is checked only: this version sends no webhooks"] : [];
}
