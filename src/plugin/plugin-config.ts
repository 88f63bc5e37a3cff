import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/problem.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** The configuration of a plugin's app. Read-only. */
export interface PluginConfig {
  /** The keys and texts of its `[plugin:<name>]` section, unparsed; empty if there is no section. */
  readonly section: Readonly<Record<string, string>>;
  readonly settings: DaemonSettings;
  /** Creates an error to throw for a key of the section. It shows file, line, section and key before `message` (`must be …`). */
  error(key: string, message: string): Error;
}

/** The settings of gafferd itself. */
export interface DaemonSettings extends Pick<Config, "files" | "gaffer" | "endpoints" | "templates"> {
  /** The version of gafferd. */
  readonly version: string;
}

/** A frozen copy of the daemon's settings, for plugins. Copies one template per step: thousands take a tenth of a second. */
export function* toDaemonSettings(
  { files, gaffer, endpoints, templates }: Config,
  version: string,
): Generator<void, DaemonSettings> {
  const copies: ProcessTemplate[] = [];
  for (const template of templates) {
    copies.push(freeze(structuredClone(template)));
    yield;
  }
  return freeze({ ...structuredClone({ version, files, gaffer, endpoints }), templates: copies });
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
