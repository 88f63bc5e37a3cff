import { Elysia } from "elysia";
import type { WelcomeDocument } from "../../documents/welcome-document.ts";
import type { InstalledPlugins } from "../../plugin/plugins.ts";
import { dashboardPath, hasDashboard } from "../../plugin/site/dashboard.ts";
import { prefersHtml } from "../operation/accept.ts";

export interface RootRoutesOptions {
  /** Of gafferd. */
  readonly version: string;
  /** One of them may be the dashboard. */
  readonly plugins: InstalledPlugins;
}

/** `/` and `/ping`: who is there, and whether it answers. A browser that opens `/` is sent to the dashboard, if there is one. */
export function rootRoutes({ version, plugins }: RootRoutesOptions) {
  return new Elysia({ name: "root" })
    .get("/", async ({ request, set }): Promise<WelcomeDocument | Response> => {
      const isInstalled = await hasDashboard(plugins);
      set.headers["vary"] = [set.headers["vary"], "Accept"].filter(Boolean).join(", ");
      if (isInstalled && prefersHtml(request.headers.get("accept"))) {
        // Relative, so that it holds behind a proxy that serves us below a path of its own.
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
