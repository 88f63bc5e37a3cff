import { basename } from "node:path";
import { Elysia } from "elysia";
import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { findSite, listSites } from "../../plugin/site/find-site.ts";
import type { PluginDocument } from "../../documents/plugin-document.ts";

/** `/_plugin`: lists the installed plugins. Requests below it are handled before routing. */
export function pluginRoutes(plugins: InstalledPlugins) {
  return new Elysia({ name: "plugins" }).get("/_plugin", async (): Promise<PluginDocument[]> => {
    const withCode = plugins.list();
    // A plugin's name may differ from its folder; it must be listed only once.
    const listed = new Set(withCode.flatMap(({ name, folder }) => [name, basename(folder)]));
    const sites = (await listSites(plugins)).filter((name) => !listed.has(name));
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
