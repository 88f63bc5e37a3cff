import { type Config, loadConfig, loadConfigInSlices } from "../config/config.ts";
import type { ConfigOverrides } from "../config/overrides.ts";
import type { Options } from "./options.ts";

/** Loads the configuration file that the command line names, and applies its other options. Throws ConfigError. */
export function readConfig(options: Options): Config {
  return loadConfig(options.config, overridesOf(options));
}

/** Like `readConfig`, in slices, for a gafferd that has requests to answer. */
export async function readConfigInSlices(options: Options): Promise<Config> {
  return await loadConfigInSlices(options.config, overridesOf(options));
}

function overridesOf(options: Options): ConfigOverrides {
  const { bind, certfile, keyfile, backlog, pluginsDir, pidfile, insecureFiles } = options;
  return {
    ...(bind !== undefined && { bind }),
    ...(certfile !== undefined && { certFile: certfile }),
    ...(keyfile !== undefined && { keyFile: keyfile }),
    ...(backlog !== undefined && { backlog }),
    ...(pluginsDir !== undefined && { pluginsDir }),
    ...(pidfile !== undefined && { pidfile }),
    insecureFiles,
  };
}
