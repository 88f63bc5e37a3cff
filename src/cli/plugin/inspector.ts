import { messageOf } from "../../reason.ts";
import type { PluginFolder } from "../../plugin/discover.ts";
import { pluginModules } from "../plugin-modules.ts";
import type { Inspection } from "./inspect.ts";
import { loadPlugins } from "../../plugin/load.ts";
import { providedNames, provideModules } from "../../plugin/provide.ts";

// The program that `inspectFolder` starts: it loads the code of one folder and reports the plugins in it.
process.send?.(await inspect(JSON.parse(process.argv[2] ?? "") as PluginFolder));

async function inspect(folder: PluginFolder): Promise<Inspection> {
  try {
    await provideModules(pluginModules);
    const loaded = await loadPlugins(folder, providedNames(pluginModules));
    return {
      plugins: loaded.map(({ plugin: { name, version, description, mandatory } }) => ({
        name,
        version: String(version),
        description: String(description),
        mandatory,
      })),
    };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}
