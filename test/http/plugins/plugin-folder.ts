import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { loadConfig } from "../../../src/config/config.ts";
import { type Daemon, startDaemon } from "../../../src/daemon.ts";
import { recordWarnings } from "../../recorded-log.ts";

/** A daemon with its own plugin folder, and no other plugins. */
export interface PluginServing extends AsyncDisposable {
  readonly url: string;
  /** `plugins_dir`. The file `secret.txt` is next to it. */
  readonly folder: string;
  readonly daemon: Daemon;
  readonly warnings: string[];
  /** Writes a file in the plugin folder. */
  write(path: string, content: string | Uint8Array): string;
}

/** Starts the daemon with these files. `endpoint` are lines of its `[endpoint:main]`. */
export async function servePlugins(
  files: Readonly<Record<string, string>> = {},
  endpoint: readonly string[] = ["bind = 127.0.0.1:0"],
): Promise<PluginServing> {
  const base = mkdtempSync(join(tmpdir(), "gafferd-plugins-"));
  const folder = join(base, "plugins");
  const write = (path: string, content: string | Uint8Array) => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    return file;
  };
  mkdirSync(folder);
  mkdirSync(join(base, "shipped"));
  for (const [path, content] of Object.entries(files)) write(path, content);
  const configFile = join(base, "gaffer.ini");
  writeFileSync(configFile, ["[endpoint:main]", ...endpoint].join("\n"));
  const { log, warnings } = recordWarnings();
  const daemon = await startDaemon({
    config: loadConfig(configFile, { pluginsDir: folder }),
    version: "0.0.0-test",
    log,
    pluginModules: { gafferd: () => import("../../../src/index.ts") },
    bundledPluginsFolder: join(base, "shipped"),
  });
  return {
    url: daemon.urls[0] ?? "",
    folder,
    daemon,
    warnings,
    write,
    async [Symbol.asyncDispose]() {
      await daemon.stop();
      rmSync(base, { recursive: true, force: true });
    },
  };
}
