import type { Definition } from "../options.ts";

/** What a command line that begins with `plugin` asks for, beside the command. */
export interface PluginOptions {
  readonly help: boolean;
  /** To do it though it replaces or breaks something. */
  readonly force: boolean;
  readonly config?: string;
  readonly pluginsDir?: string;
  /** What to act on; empty for `list`. */
  readonly subject: string;
}

export type PluginOptionName = "help" | "force" | "config" | "plugins-dir";

const common = [
  ["help", { type: "boolean", alias: "h", description: "show this help message and exit" }],
  ["config", { type: "string", alias: "c", valueHint: "CONFIG", description: "configuration file" }],
  ["plugins-dir", { type: "string", alias: "p", valueHint: "DIR", description: "where the plugins are" }],
] as const satisfies [PluginOptionName, Definition][];

const force = ["force", { type: "boolean", description: "replace what is there, break what needs it" }] as const;

export type Verb = "list" | "install" | "remove" | "new";

/** The commands, in the order and words of `--help`. */
export const verbs: Readonly<
  Record<
    Verb,
    {
      /** What it acts on; undefined for nothing. */
      readonly subject?: string;
      readonly description: string;
      readonly definitions: readonly (readonly [PluginOptionName, Definition])[];
    }
  >
> = {
  list: { description: "say what is installed, and what is wrong", definitions: common },
  install: {
    subject: "FOLDER|TARBALL|PACKAGE",
    description: "copy a plugin there, from here or from npm",
    definitions: [...common, force],
  },
  remove: { subject: "NAME", description: "delete a plugin", definitions: [...common, force] },
  new: { subject: "NAME", description: "write a plugin to begin with", definitions: common },
};
