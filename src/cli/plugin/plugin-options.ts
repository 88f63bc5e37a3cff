import type { ArgsDef } from "citty";

/** Which `plugins_dir` is meant. */
export interface PlaceOptions {
  readonly config?: string | undefined;
  readonly "plugins-dir"?: string | undefined;
}

/** The options that every command takes. */
export const commonOptions = {
  help: { type: "boolean", alias: "h", description: "show this help message and exit" },
  config: { type: "string", alias: "c", valueHint: "CONFIG", description: "configuration file" },
  "plugins-dir": { type: "string", alias: "p", valueHint: "DIR", description: "where the plugins are" },
} as const satisfies ArgsDef;

export const force = { type: "boolean", description: "replace what is there, break what needs it" } as const;

export const yes = { type: "boolean", alias: "y", description: "do not ask before it is done" } as const;

/** The one argument of a command, shown as `valueHint`. */
export const argument = (valueHint: string) => ({ type: "positional", required: true, valueHint }) as const;
