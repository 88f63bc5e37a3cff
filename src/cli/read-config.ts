import { type Config, loadConfig } from "../config/config.ts";
import type { ConfigOverrides } from "../config/overrides.ts";
import type { Options } from "./options.ts";

/** Loads the configuration file that the command line names, and applies its other options. Throws ConfigError. */
export function readConfig(options: Options): Config {
  const { config, bind, certfile, keyfile, backlog, pluginsDir, pidfile, insecureFiles } = options;
  const overrides: ConfigOverrides = {
    ...(bind !== undefined && { bind }),
    ...(certfile !== undefined && { certFile: certfile }),
    ...(keyfile !== undefined && { keyFile: keyfile }),
    ...(backlog !== undefined && { backlog }),
    ...(pluginsDir !== undefined && { pluginsDir }),
    ...(pidfile !== undefined && { pidfile }),
    insecureFiles,
  };
  return loadConfig(config, overrides);
}
