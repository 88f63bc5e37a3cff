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

/** Routes of a plugin as they are answered. */
export interface PluginApi {
  /** Never rejects: what the routes throw is an answer too. */
  answer(request: Request): Promise<Response>;
  /** Ends the event streams that are still being answered. */
  close(): void;
}

/** Makes a plugin's routes answer below `/_plugin/<name>/api`. */
export type OpenApi = (options: { name: string; routes: AnyElysia; log: Logger }) => PluginApi;

export interface HostedOptions extends Omit<LendOptions, "name"> {
  readonly config: PluginConfig;
  readonly openApi: OpenApi;
  readonly limits?: Partial<AppLimits>;
}

/** How long an app may take; what takes longer has failed, and is not waited for. */
export interface AppLimits {
  readonly startMs: number;
  readonly stopMs: number;
}

const defaultLimits: AppLimits = { startMs: 30_000, stopMs: 5000 };

/** A plugin in the daemon: its app from start to stop, and what it was lent meanwhile. */
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

  /** Makes the app. Throws the ConfigError of a wrong setting, or a GafferdError that names the plugin. */
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

  /** Absent while there are no routes. */
  get answer(): InstalledPlugin["answer"] {
    return this.#api?.answer;
  }

  /** Throws what is wrong with these settings, and changes nothing. */
  check(config: PluginConfig): void {
    this.#makeApp(config);
  }

  /** What it is told when it is restarted. */
  configure(config: PluginConfig): void {
    this.#config = config;
  }

  /** Throws a GafferdError that names the plugin; then nothing of it is left. */
  async start(): Promise<void> {
    const lent = lendManager({ ...this.#options, name: this.name });
    this.#lent = lent;
    try {
      await within(this.#limits.startMs, () => this.#app?.start(lent.manager));
      this.#openRoutes();
      this.#state = "running";
    } catch (error) {
      this.#takeBack();
      this.#state = "failed";
      throw this.#failure("start", error);
    }
  }

  /** What it throws, or does not end in time, is logged. */
  async stop(): Promise<void> {
    if (this.#state !== "running") return;
    try {
      await within(this.#limits.stopMs, () => this.#app?.stop?.());
    } catch (error) {
      this.#log.error("cannot stop it as it should; gafferd goes on without it", error);
    }
    this.#takeBack();
    this.#state = "stopped";
  }

  /** Whether `restart` restarts it; else it is to be stopped and started. */
  get restartsItself(): boolean {
    return this.#state === "running" && this.#app?.restart !== undefined;
  }

  /**
   * By its own `restart`, or else, when it is stopped, by a new app. Throws a GafferdError that names the plugin, which
   * then goes on as it is if it can.
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
      throw error instanceof ConfigError ? error : this.#failure("make the app of", error);
    }
    if (app === undefined || typeof app?.start === "function") return app;
    throw this.#failure("make the app of", "`app` must return an object with a `start`, or undefined");
  }

  #openRoutes(): void {
    const routes = this.#app?.routes?.();
    if (routes === undefined) return;
    if (typeof routes?.fetch !== "function") throw new TypeError("`routes` must return an Elysia instance");
    this.#api = this.#options.openApi({ name: this.name, routes, log: this.#log });
  }

  #takeBack(): void {
    this.#lent?.takeBack();
    this.#lent = undefined;
    this.#api?.close();
    this.#api = undefined;
  }

  #failure(verb: string, cause: unknown): GafferdError {
    const reason = describeFault(cause, this.#file);
    return new GafferdError("internal", `cannot ${verb} the plugin \`${this.name}\` of ${this.#file}: ${reason}`, {
      cause,
    });
  }
}

/** Waits for `action`, and no longer than `ms`. */
async function within(ms: number, action: () => unknown): Promise<void> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`it took longer than ${ms / 1000} s`)), ms);
  try {
    await Promise.race([action(), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
