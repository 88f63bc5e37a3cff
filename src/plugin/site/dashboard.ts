import type { InstalledPlugins } from "../plugins.ts";
import { findEntry } from "./find-file.ts";
import { findSite } from "./find-site.ts";

export const dashboardName = "dashboard";

/** The path at which the dashboard is served, if there is one. */
export const dashboardPath = `/_plugin/${dashboardName}/`;

/** Whether gafferd serves a dashboard: the bundled one, or a site of that name in `plugins_dir`. */
export async function hasDashboard(plugins: InstalledPlugins): Promise<boolean> {
  const site = await findSite(plugins, dashboardName);
  const page = site === undefined ? undefined : await findEntry(site, ["index.html"]);
  if (page?.kind !== "file") return false;
  page.close();
  return true;
}
