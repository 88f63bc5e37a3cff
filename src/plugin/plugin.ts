import type { AnyElysia } from "elysia";
import type { PluginManager } from "./plugin-manager.ts";
import type { PluginConfig } from "./plugin-config.ts";

/**
 * What a module of `<plugins_dir>/<folder>/plugin/` exports to be a plugin: a class that extends this one. gafferd makes
 * one of each, without arguments.
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
  /** Unique among the installed; letters, digits, `_`, `.` and `-`. Routes, logs and `[plugin:<name>]` speak of it so. */
  abstract readonly name: string;
  readonly version: string = "";
  /** One line. */
  readonly description: string = "";
  /** Names of plugins or sites that must be installed; their apps start before this one's and stop after it. */
  readonly mandatory: readonly string[] = [];

  /**
   * Makes what runs; absent or undefined for a plugin that has only a site. To be without effects, since an app may be
   * made to see whether its settings are right; those belong into `start`. Throw `config.error(…)` for a setting that is
   * wrong: gafferd then does not start, or does not take the new settings.
   */
  app?(config: PluginConfig): App | undefined;
}

/** What of a plugin runs. Each of its methods may be async. */
export interface App {
  /**
   * Called when all that the plugin needs has started, and before any template has. What it throws keeps gafferd from
   * starting, as does taking more than 30 seconds.
   */
  start(manager: PluginManager): unknown;
  /**
   * Called when gafferd stops, when its processes are gone; within 5 seconds, and before the longest `graceful_timeout`
   * and two seconds are over. What came of the manager is taken back after it: subscriptions, readers of output, routes.
   * Timers and sockets of its own it is to end itself.
   */
  stop?(): unknown;
  /**
   * Called on SIGHUP and when the configuration was reloaded, with its settings as they are now; the manager stays.
   * Without it the app is stopped and a new one started.
   */
  restart?(config: PluginConfig): unknown;
  /**
   * An Elysia instance whose routes are answered below `/_plugin/<name>/api` from the end of `start` until `stop`.
   * Asked for after each `start`.
   */
  routes?(): AnyElysia;
}
