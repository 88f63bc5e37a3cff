/**
 * Runs gafferd inside your own Bun program.
 *
 * @module
 * @example
 * ```ts
 * import { loadConfig, parseTemplate, startDaemon } from "gafferd";
 *
 * const config = loadConfig(undefined, { bind: "127.0.0.1:0" });
 * const daemon = await startDaemon({ config, version: "1.0.0", log: console });
 * daemon.bus.subscribe((event) => console.log(event.type, event.name));
 * daemon.manager.create(parseTemplate({ name: "hello", cmd: "sleep 60" }, { defaultCwd: "/" }));
 * await daemon.stop();
 * ```
 */
export { type Config, loadConfig } from "./config/config.ts";
export type { ConfigOverrides } from "./config/overrides.ts";
export { ConfigError, type ConfigProblem } from "./config/problem.ts";
export { type Daemon, type DaemonOptions, startDaemon } from "./daemon.ts";
export { type ErrorCode, errorCodes, GafferdError, type GafferdErrorOptions } from "./errors.ts";
export type { EventBus } from "./events/bus.ts";
export type { EventType, ExitStatus, GafferdEvent } from "./events/event.ts";
export type { Logger } from "./log.ts";
/** The complete manager of an embedded daemon. Plugins get the part of it that is exported as `Manager`. */
export type { Manager as DaemonManager } from "./manager/manager.ts";
export { type OutputItem, OutputReader, type OutputReaderOptions } from "./reading/output-reader.ts";
export { type OutputGap, type OutputSource, processSource, templateSource } from "./reading/output-source.ts";
export type { OutputStart } from "./reading/output-start.ts";
export type { OutputPlace, StreamPosition } from "./reading/stream-position.ts";
export type { ProcessUsage } from "./process/usage/sampler.ts";
/** The part of the manager that plugins can use. */
export type { PluginManager as Manager } from "./plugin/plugin-manager.ts";
export type { OutputOptions, PluginOutputItem } from "./plugin/output.ts";
export type { DaemonSettings, PluginConfig } from "./plugin/plugin-config.ts";
export { type App, Plugin } from "./plugin/plugin.ts";
export type { ProvidedModules } from "./plugin/provide.ts";
export type { ProcessView, TemplateView, UsageView } from "./plugin/views.ts";
export type { SupervisorState } from "./supervisor/state.ts";
export type { SupervisorStatus } from "./supervisor/status.ts";
export type { SupervisedProcess } from "./supervisor/supervised-process.ts";
export type { Supervisor } from "./supervisor/supervisor.ts";
export { type TemplateDocument, toDocument } from "./template/document.ts";
export { parseDuration } from "./template/duration.ts";
export type { TemplateBody } from "./template/properties.ts";
export { parseSize } from "./template/size.ts";
export { parseTemplate } from "./template/schema.ts";
export type { FlappingPolicy, ProcessTemplate, RestartPolicy } from "./template/template.ts";
