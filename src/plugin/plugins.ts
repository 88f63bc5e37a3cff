/** What routes may know of the plugins of a daemon. */
export interface InstalledPlugins {
  /** Where plugins live: each folder in one of these is a plugin or a site. Of two with one name the earlier root's is used. */
  readonly roots: readonly PluginRoot[];
  /** Those with code, in the order in which they start; a folder with a site alone is not among them. */
  list(): readonly InstalledPlugin[];
  /** By its plugin's name, which need not be the name of its folder. */
  find(name: string): InstalledPlugin | undefined;
}

export interface PluginRoot {
  /** Absolute; need not exist. */
  readonly folder: string;
  /** It ships with gafferd. */
  readonly bundled: boolean;
  /** The names of the folders in it that count; `"all"` for every one. */
  readonly only: "all" | readonly string[];
}

export interface InstalledPlugin {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** Absolute: the one that holds `plugin/` and `_site/`. */
  readonly folder: string;
  readonly bundled: boolean;
  readonly state: PluginState;
  /**
   * Answers a request below `/_plugin/<name>/api` with the plugin's own routes. Absent while it has none. It never
   * rejects with what the plugin threw: that is an answer too.
   */
  readonly answer?: ((request: Request) => Promise<Response>) | undefined;
}

/** `failed`: it threw when it was started anew. `site`: it has a site and no code. */
export type PluginState = "running" | "stopped" | "failed" | "site";

/** Those of a daemon that loads none. */
export const noPlugins: InstalledPlugins = { roots: [], list: () => [], find: () => undefined };
