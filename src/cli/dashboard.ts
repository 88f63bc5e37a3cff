import { existsSync } from "node:fs";
import { join } from "node:path";
import type { PluginRoot } from "../plugin/plugins.ts";

const name = "dashboard";

/** Whether gafferd serves a dashboard: the one that ships with it, or one of that name in `plugins_dir`. */
export function hasDashboard(roots: readonly PluginRoot[]): boolean {
  return roots.some(({ folder, only }) => {
    return (only === "all" || only.includes(name)) && existsSync(join(folder, name, "_site", "index.html"));
  });
}
