/** The installed plugins, for HTTP routes. */
export interface InstalledPlugins {
  /** Each folder in a root is a plugin or a site. If two have the same name, the one of the earlier root is used. */
  readonly roots: readonly PluginRoot[];
  /** The plugins with code, in start order. Sites without code are not included. */
  list(): readonly InstalledPlugin[];
  /** Finds a plugin by its name, which may differ from the name of its folder. */
  find(name: string): InstalledPlugin | undefined;
}

export interface PluginRoot {
  /** Absolute path; need not exist. */
  readonly folder: string;
  /** Whether its plugins ship with gafferd. */
  readonly bundled: boolean;
  /** The names of the folders to use; `"all"` for every one. */
  readonly only: "all" | readonly string[];
}

export interface InstalledPlugin {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Absolute path of the folder that contains `plugin/` and `_site/`. */
  readonly folder: string;
  readonly bundled: boolean;
  readonly state: PluginState;
  /**
   * Answers a request below `/_plugin/<name>/api` with the plugin's routes. Undefined while it has none. Never rejects: an
   * error of the plugin becomes a response.
   */
  readonly answer?: ((request: Request) => Promise<Response>) | undefined;
}

/** `failed`: it threw when it was started again. `site`: it has a site and no code. */
export type PluginState = "running" | "stopped" | "failed" | "site";

/** For a daemon that loads no plugins. */
export const noPlugins: InstalledPlugins = { roots: [], list: () => [], find: () => undefined };
