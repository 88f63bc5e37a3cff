import { Elysia } from "elysia";
import { GafferdError } from "../../errors.ts";
import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { keepOpen } from "../connection.ts";

/** `/_plugin/:name/api`: what plugins answer themselves. */
export function pluginApiRoutes(plugins: InstalledPlugins) {
  return new Elysia({ name: "plugin-api" })
    .all("/_plugin/:name/api", ({ request, params }) => answer(request, params.name), { parse: "none" })
    .all("/_plugin/:name/api/*", ({ request, params }) => answer(request, params.name), { parse: "none" });

  async function answer(request: Request, name: string): Promise<Response> {
    const plugin = plugins.find(name);
    if (plugin?.answer !== undefined) {
      // How long an answer may be silent is for the plugin to say.
      keepOpen(request);
      return await plugin.answer(request);
    }
    const reason = plugin === undefined ? "is not installed" : "has no routes";
    throw new GafferdError(
      "resource_not_found",
      `the plugin \`${name}\` ${reason}; GET /_plugin/ says which there are`,
    );
  }
}
