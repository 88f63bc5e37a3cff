import { messageOf } from "../../reason.ts";
import type { PluginFolder } from "../../plugin/discover.ts";
import type { Inspection } from "./inspect.ts";
import { loadPlugins } from "../../plugin/load.ts";
import { providedNames, provideModules } from "../../plugin/provide.ts";

// The program that `inspectFolder` starts: it loads the code of one folder and says what is in it.
const modules = {
  gafferd: () => import("../../index.ts"),
  "gafferd/client": () => import("../../client/client.ts"),
};

process.send?.(await inspect(JSON.parse(process.argv[2] ?? "") as PluginFolder));

async function inspect(folder: PluginFolder): Promise<Inspection> {
  try {
    await provideModules(modules);
    const loaded = await loadPlugins(folder, providedNames(modules));
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
