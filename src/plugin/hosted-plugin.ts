import type { AnyElysia } from "elysia";
import { ConfigError } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type LentManager, lendManager, type LendOptions, prefixed } from "./lend-manager.ts";
import { describeFault } from "./fault.ts";
import type { LoadedPlugin } from "./load.ts";
import type { PluginConfig } from "./plugin-config.ts";
import type { App, Plugin } from "./plugin.ts";
import type { InstalledPlugin, PluginState } from "./plugins.ts";

/** The routes of a plugin while it runs. */
export interface PluginApi {
  /** Never rejects: errors of the routes become responses. */
  answer(request: Request): Promise<Response>;
  /** Ends the event streams that are still open. */
  close(): void;
}

/** Serves the routes of a plugin below `/_plugin/<name>/api`. */
export type OpenApi = (options: { name: string; routes: AnyElysia; log: Logger }) => PluginApi;

export interface HostedOptions extends Omit<LendOptions, "name"> {
  readonly config: PluginConfig;
  readonly openApi: OpenApi;
  readonly limits?: Partial<AppLimits>;
}

/** How long an app may take to start and to stop. After that it has failed, and gafferd does not wait for it. */
export interface AppLimits {
  readonly startMs: number;
  readonly stopMs: number;
}

const defaultLimits: AppLimits = { startMs: 30_000, stopMs: 5000 };

/** A plugin in the daemon: it starts and stops the app, and owns its manager and routes. */
export class HostedPlugin implements InstalledPlugin {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly mandatory: readonly string[];
  readonly folder: string;
  readonly bundled: boolean;
  readonly #file: string;
  readonly #options: HostedOptions;
  readonly #limits: AppLimits;
  readonly #log: Logger;
  readonly #plugin: Plugin;
  #config: PluginConfig;
  #app: App | undefined;
  #state: PluginState = "stopped";
  #lent: LentManager | undefined;
  #api: PluginApi | undefined;

  /** Creates the app. Throws a ConfigError for a wrong setting, otherwise a GafferdError that names the plugin. */
  constructor({ plugin, folder, file }: LoadedPlugin, options: HostedOptions) {
    this.name = plugin.name;
    this.version = String(plugin.version);
    this.description = String(plugin.description);
    this.mandatory = plugin.mandatory;
    this.folder = folder.path;
    this.bundled = folder.bundled;
    this.#file = file;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#log = prefixed(options.log, this.name);
    this.#plugin = plugin;
    this.#config = options.config;
    this.#app = this.#makeApp(options.config);
  }

  get state(): PluginState {
    return this.#state;
  }

  /** Undefined while the plugin has no routes. */
  get answer(): InstalledPlugin["answer"] {
    return this.#api?.answer;
  }

  /** Throws if these settings are wrong. Changes nothing. */
  check(config: PluginConfig): void {
    this.#makeApp(config);
  }

  /** Sets the configuration for the next restart. */
  configure(config: PluginConfig): void {
    this.#config = config;
  }

  /** If the app fails, releases what it was given and throws a GafferdError that names the plugin. */
  async start(): Promise<void> {
    const lent = lendManager({ ...this.#options, name: this.name });
    this.#lent = lent;
    try {
      await within(this.#limits.startMs, () => this.#app?.start(lent.manager));
      this.#openRoutes();
      this.#state = "running";
    } catch (error) {
      this.#release();
      this.#state = "failed";
      throw this.#failure("start", error);
    }
  }

  /** Logs an error if the app fails to stop or takes too long. */
  async stop(): Promise<void> {
    if (this.#state !== "running") return;
    try {
      await within(this.#limits.stopMs, () => this.#app?.stop?.());
    } catch (error) {
      this.#log.error("cannot stop cleanly; continuing without it", error);
    }
    this.#release();
    this.#state = "stopped";
  }

  /** Whether `restart` can be called while it runs. Otherwise the caller stops it first. */
  get restartsItself(): boolean {
    return this.#state === "running" && this.#app?.restart !== undefined;
  }

  /**
   * Calls the app's own `restart`, or creates and starts a new app if the plugin is stopped. Throws a GafferdError that
   * names the plugin. An app whose `restart` failed keeps running.
   */
  async restart(): Promise<void> {
    if (!this.restartsItself) {
      this.#app = this.#makeApp(this.#config);
      return await this.start();
    }
    try {
      await within(this.#limits.startMs, () => this.#app?.restart?.(this.#config));
    } catch (error) {
      throw this.#failure("restart", error);
    }
  }

  #makeApp(config: PluginConfig): App | undefined {
    let app: App | undefined;
    try {
      app = this.#plugin.app?.(config);
    } catch (error) {
      throw error instanceof ConfigError ? error : this.#failure("create the app of", error);
    }
    if (app === undefined || typeof app?.start === "function") return app;
    throw this.#failure("create the app of", "`app` must return an object with a `start` method, or undefined");
  }

  #openRoutes(): void {
    const routes = this.#app?.routes?.();
    if (routes === undefined) return;
    if (typeof routes?.fetch !== "function") throw new TypeError("`routes` must return an Elysia instance");
    this.#api = this.#options.openApi({ name: this.name, routes, log: this.#log });
  }

  #release(): void {
    this.#lent?.revoke();
    this.#lent = undefined;
    this.#api?.close();
    this.#api = undefined;
  }

  #failure(verb: string, cause: unknown): GafferdError {
    const reason = describeFault(cause, this.#file);
    return new GafferdError("internal", `cannot ${verb} the plugin \`${this.name}\` in ${this.#file}: ${reason}`, {
      cause,
    });
  }
}

/** Waits for `action`. Rejects if it takes longer than `ms`. */
async function within(ms: number, action: () => unknown): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`it took longer than ${ms / 1000} s`)), ms);
  try {
    await Promise.race([action(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
