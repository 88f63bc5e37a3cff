import type { AnyElysia } from "elysia";
import type { PluginManager } from "./plugin-manager.ts";
import type { PluginConfig } from "./plugin-config.ts";

/**
 * The base class of plugins. A module in `<plugins_dir>/<folder>/plugin/` exports a class that extends it. gafferd creates
 * one instance of each class, without arguments.
 *
 * @example
 * ```ts
 * import { type App, type Manager, Plugin } from "gafferd";
 *
 * export class ExitsPlugin extends Plugin {
 *   override name = "exits";
 *   override app() {
 *     return new ExitsApp();
 *   }
 * }
 *
 * class ExitsApp implements App {
 *   start(manager: Manager) {
 *     manager.subscribe("exit", (event) => manager.log.info(`${event.name} has ended`));
 *   }
 * }
 * ```
 */
export abstract class Plugin {
  /** Unique among installed plugins; letters, digits, `_`, `.` and `-`. Used in routes, logs and `[plugin:<name>]`. */
  abstract readonly name: string;
  readonly version: string = "";
  /** One line. */
  readonly description: string = "";
  /** Names of plugins or sites that must be installed; their apps start before this one's and stop after it. */
  readonly mandatory: readonly string[] = [];

  /**
   * Creates the app. A plugin that has only a site omits this method or returns undefined. It must have no side effects,
   * because gafferd also calls it to check settings; put them in `start`. Throw `config.error(…)` for a wrong setting:
   * gafferd then does not start, or rejects the new settings.
   */
  app?(config: PluginConfig): App | undefined;
}

/** The running part of a plugin. Each method may be async. */
export interface App {
  /**
   * Called after the plugins in `mandatory` have started and before any template starts. gafferd does not start if this
   * throws or takes more than 30 seconds.
   */
  start(manager: PluginManager): unknown;
  /**
   * Called when gafferd stops, after all processes have ended. It may take 5 seconds, and no longer than the whole stop
   * (the longest `graceful_timeout` plus two seconds). gafferd then closes its subscriptions, output readers and routes.
   * The app must close its own timers and sockets here.
   */
  stop?(): unknown;
  /**
   * Called on SIGHUP and after a reload, with the current settings. The manager stays the same. Without this method the
   * app is stopped and a new one is started.
   */
  restart?(config: PluginConfig): unknown;
  /**
   * Returns an Elysia instance whose routes are served below `/_plugin/<name>/api` from the end of `start` until `stop`.
   * Called after each `start`.
   */
  routes?(): AnyElysia;
}
