import { Elysia } from "elysia";
import type { WelcomeDocument } from "../../documents/welcome-document.ts";
import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { dashboardPath, hasDashboard } from "../../plugin/site/dashboard.ts";
import { prefersHtml } from "../operation/accept.ts";

export interface RootRoutesOptions {
  /** The version of gafferd. */
  readonly version: string;
  /** The installed plugins; the dashboard may be one of them. */
  readonly plugins: InstalledPlugins;
}

/** `/` identifies the server, `/ping` checks that it responds. `/` redirects a browser to the dashboard, if it is installed. */
export function rootRoutes({ version, plugins }: RootRoutesOptions) {
  return new Elysia({ name: "root" })
    .get("/", async ({ request, set }): Promise<WelcomeDocument | Response> => {
      const isInstalled = await hasDashboard(plugins);
      set.headers["vary"] = [set.headers["vary"], "Accept"].filter(Boolean).join(", ");
      if (isInstalled && prefersHtml(request.headers.get("accept"))) {
        // Relative, so that it also works behind a proxy that adds a path prefix.
        return new Response(null, { status: 302, headers: { location: `.${dashboardPath}` } });
      }
      return {
        welcome: "gaffer",
        version,
        docs: "/docs",
        openapi: "/openapi.json",
        dashboard: isInstalled ? dashboardPath : null,
      };
    })
    .get("/ping", () => new Response("OK", { headers: { "content-type": "text/plain; charset=utf-8" } }));
}
