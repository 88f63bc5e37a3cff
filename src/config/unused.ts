import type { Config } from "./config.ts";

/** Says which settings were given and checked that this version does nothing with. */
export function findUnused({ plugins }: Config): string[] {
  return [...plugins.keys()].map((name) => `[plugin:${name}] is not used: this version loads no plugins`);
}
