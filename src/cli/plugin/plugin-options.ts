import type { ArgsDef } from "citty";
import { definitions } from "../options.ts";

/** The options that select a `plugins_dir`. */
export interface PlaceOptions {
  readonly config?: string | undefined;
  readonly "plugins-dir"?: string | undefined;
  readonly "insecure-files"?: boolean | undefined;
}

/** The options of every command. */
export const commonOptions = {
  help: definitions.help,
  config: definitions.config,
  "plugins-dir": definitions["plugins-dir"],
  "insecure-files": definitions["insecure-files"],
} as const satisfies ArgsDef;

export const force = { type: "boolean", description: "skip the checks, and do not ask" } as const;

export const yes = { type: "boolean", alias: "y", description: "answer yes to every question" } as const;

/** The argument of a command, shown as `valueHint`. */
export const argument = (valueHint: string) => ({ type: "positional", required: true, valueHint }) as const;
