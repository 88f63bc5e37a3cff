import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/problem.ts";

/** What a plugin is told when its app is made. It cannot be changed. */
export interface PluginConfig {
  /** The keys of its `[plugin:<name>]` section and their texts as they stand; empty without one. */
  readonly section: Readonly<Record<string, string>>;
  readonly settings: DaemonSettings;
  /** To be thrown for a key of the section: names file, line, section and key before `message` (`must be …`). */
  error(key: string, message: string): Error;
}

/** What gafferd itself was told. */
export interface DaemonSettings extends Pick<Config, "files" | "gaffer" | "endpoints" | "templates"> {
  /** Of gafferd. */
  readonly version: string;
}

/** The daemon's settings as they may be handed to plugins: a copy, frozen. */
export function toDaemonSettings({ files, gaffer, endpoints, templates }: Config, version: string): DaemonSettings {
  return freeze(structuredClone({ version, files, gaffer, endpoints, templates }));
}

export function toPluginConfig(name: string, config: Config, settings: DaemonSettings): PluginConfig {
  const section = config.plugins.get(name);
  const values = section?.values ?? [];
  return freeze({
    section: Object.fromEntries(values.map(({ key, text }) => [key, text])),
    settings,
    error(key: string, message: string) {
      const place = values.find((value) => value.key === key) ?? section ?? { file: config.files[0] ?? "no file" };
      const { file, line } = { line: undefined, ...place };
      return new ConfigError([{ file, ...(line !== undefined && { line }), section: `plugin:${name}`, key, message }]);
    },
  });
}

function freeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) freeze(inner);
  return Object.freeze(value);
}
