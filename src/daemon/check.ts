import { accessSync, constants } from "node:fs";
import type { Config } from "../config/config.ts";
import { locateProblem } from "../config/locate.ts";
import { commandLine, ConfigError, type ConfigProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import { EventBus } from "../events/bus.ts";
import { assertOpenable } from "../http/listen/openable.ts";
import { Manager } from "../manager/manager.ts";
import { Sampler } from "../process/usage/sampler.ts";
import { findKeptOutputProblems } from "./check-kept-output.ts";
import { findUnlaunchable } from "./launchable.ts";
import { existingStateFolder } from "./state-folder.ts";
import { loadPluginHost, type PluginHostOptions } from "./load-plugin-host.ts";

/**
 * Checks whether this configuration can start, and starts nothing: the programs, folders and users of processes,
 * plugins and their settings (modules are loaded, apps are created), certificates, the users of sockets and
 * `state_dir`. Does not check whether an address is free, because the running gafferd may use it. Returns further
 * warnings. Throws a ConfigError with all problems.
 */
export async function checkConfig(options: PluginHostOptions): Promise<readonly ConfigProblem[]> {
  const { config } = options;
  const found = [
    ...(await findUnopenable(config)),
    ...(await findUnlaunchable(config.templates, config)),
    ...findStateProblem(config),
    ...findKeptOutputProblems(config),
    ...(await findPluginProblems(options)),
  ];
  const problems = found.filter(({ isWarning }) => !isWarning);
  if (problems.length > 0) throw new ConfigError(problems);
  return found;
}

async function findUnopenable(config: Config): Promise<ConfigProblem[]> {
  const problems: ConfigProblem[] = [];
  for (const endpoint of config.endpoints) {
    try {
      await assertOpenable(endpoint);
    } catch (error) {
      if (!(error instanceof GafferdError)) throw error;
      const { field: key, message } = error;
      problems.push(locateProblem(config, { kind: "endpoint", label: endpoint.name, key }, message));
    }
  }
  return problems;
}

function findStateProblem(config: Config): ConfigProblem[] {
  const { stateDir } = config.gaffer;
  const folder = existingStateFolder(config);
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return [];
  } catch {
    const message = `cannot write to ${stateDir}: gafferd has no write permission in ${folder}; choose another folder`;
    return [locateProblem(config, { kind: "gaffer", label: "", key: "state_dir" }, message)];
  }
}

async function findPluginProblems(options: PluginHostOptions): Promise<ConfigProblem[]> {
  const { config, log } = options;
  const bus = new EventBus((error) => log.error("an event listener failed", error));
  try {
    await loadPluginHost(options, { manager: new Manager({ bus, log }), bus, sampler: new Sampler(), api: notRunning });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return [...error.problems];
    if (error instanceof GafferdError) return [{ file: config.files[0] ?? commandLine, message: error.message }];
    throw error;
  }
}

async function notRunning(): Promise<never> {
  throw new Error("plugins must not use gafferd before they are started");
}
