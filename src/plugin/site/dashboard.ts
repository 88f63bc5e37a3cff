import type { InstalledPlugins } from "../plugins.ts";
import { findEntry } from "./find-file.ts";
import { findSite } from "./find-site.ts";

export const dashboardName = "dashboard";

/** The path at which the dashboard is served, if there is one. */
export const dashboardPath = `/_plugin/${dashboardName}/`;

/** Whether gafferd serves a dashboard: the bundled one, or a site of that name in `plugins_dir`. */
export async function hasDashboard(plugins: InstalledPlugins): Promise<boolean> {
  const site = await findSite(plugins, dashboardName);
  return site !== undefined && (await findEntry(site, ["index.html"]))?.kind === "file";
}
