import { basename } from "node:path";
import { Elysia } from "elysia";
import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { findSite, listSites } from "../../plugin/site/find-site.ts";
import type { PluginDocument } from "../../documents/plugin-document.ts";

/** `/_plugin`: what is installed. What is below it is answered before any route is sought. */
export function pluginRoutes(plugins: InstalledPlugins) {
  return new Elysia({ name: "plugins" }).get("/_plugin", async (): Promise<PluginDocument[]> => {
    const withCode = plugins.list();
    // A plugin may have another name than its folder, and is told of once.
    const told = new Set(withCode.flatMap(({ name, folder }) => [name, basename(folder)]));
    const sites = (await listSites(plugins)).filter((name) => !told.has(name));
    return [
      ...(await Promise.all(
        withCode.map(async ({ name, version, description, state }) => {
          const hasSite = (await findSite(plugins, name)) !== undefined;
          return { name, version, description, site: hasSite ? pathOf(name) : null, state };
        }),
      )),
      ...sites.map((name) => ({ name, version: null, description: null, site: pathOf(name), state: "site" as const })),
    ];
  });
}

function pathOf(name: string): string {
  return `/_plugin/${encodeURIComponent(name)}/`;
}
