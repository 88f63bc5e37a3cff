import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../config/config.ts";
import { ConfigError, type ConfigProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import { EventBus } from "../events/bus.ts";
import { assertOpenable } from "../http/listen/openable.ts";
import { createPluginApi } from "../http/plugins/plugin-api.ts";
import type { Logger } from "../log.ts";
import { Manager } from "../manager/manager.ts";
import type { ProvidedModules } from "../plugin/provide.ts";
import { Sampler } from "../process/usage/sampler.ts";
import { findUnlaunchable } from "./launchable.ts";

export interface CheckOptions {
  readonly config: Config;
  /** Of gafferd. */
  readonly version: string;
  readonly log: Logger;
  /** As `DaemonOptions` has them. */
  readonly pluginModules?: ProvidedModules;
  readonly bundledPluginsFolder?: string;
}

/**
 * Looks for all that would keep this configuration from starting as it says, and starts nothing: programs, folders and
 * users of processes, plugins and their settings (their modules are loaded, their apps are made), certificates, the users
 * of sockets, the folder of gafferd's state. Whether an address is free is not tried, since it may be that of the gafferd
 * that runs. Throws a ConfigError with everything it found.
 */
export async function checkConfig(options: CheckOptions): Promise<void> {
  const { config } = options;
  const problems = [
    ...(await findClosedEndpoints(config)),
    ...findUnlaunchable(config.templates, config),
    ...findStateProblem(config),
    ...(await findPluginProblems(options)),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
}

async function findClosedEndpoints({ endpoints, sections, files }: Config): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  for (const endpoint of endpoints) {
    try {
      await assertOpenable(endpoint);
    } catch (error) {
      if (!(error instanceof GafferdError)) throw error;
      const { field, message } = error;
      const section = sections.find(({ kind, label }) => kind === "endpoint" && label === endpoint.name);
      const place = section?.values.find(({ key }) => key === field) ?? section;
      problems.push({
        ...(place === undefined ? { file: files[0] ?? "command line" } : { file: place.file, line: place.line }),
        section: `endpoint:${endpoint.name}`,
        ...(field !== undefined && { key: field }),
        message,
      });
    }
  }
  return problems;
}

/** The folder is made when it is first needed, so what counts is the nearest one that there is. */
function findStateProblem({ gaffer: { stateDir }, sections, files }: Config): ConfigProblem[] {
  let folder = stateDir;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return [];
  } catch {
    const places = sections.filter(({ kind }) => kind === "gaffer").flatMap(({ values }) => values);
    const value = places.find(({ key }) => key === "state_dir");
    const message = `cannot write to ${stateDir}: gafferd may not write to ${folder}`;
    if (value === undefined) return [{ file: files[0] ?? "command line", key: "state_dir", message }];
    return [{ file: value.file, line: value.line, section: "gaffer", key: "state_dir", message }];
  }
}

async function findPluginProblems(options: CheckOptions): Promise<ConfigProblem[]> {
  const { config, version, log, pluginModules, bundledPluginsFolder } = options;
  if (pluginModules === undefined) return [];
  const { openPlugins } = await import("../plugin/host.ts");
  const bus = new EventBus((error) => log.error("a listener of events failed", error));
  const parts = { manager: new Manager({ bus, log }), bus, sampler: new Sampler() };
  try {
    await openPlugins({
      ...parts,
      ...(bundledPluginsFolder !== undefined && { bundledFolder: bundledPluginsFolder }),
      config,
      version,
      log,
      modules: pluginModules,
      openApi: createPluginApi,
    });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [...error.problems];
    if (error instanceof GafferdError) return [{ file: config.files[0] ?? "command line", message: error.message }];
    throw error;
  }
}
