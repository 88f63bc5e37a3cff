import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import type { PluginFolder } from "../../plugin/discover.ts";
import { siteIn } from "../../plugin/site/find-site.ts";
import { findUnsafePlugins } from "../../plugin/unsafe-plugins.ts";

/** How a plugin describes itself. */
export interface PluginFacts {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly mandatory: readonly string[];
}

/** The content of a plugin folder. */
export interface FolderReport {
  readonly folder: PluginFolder;
  readonly plugins: readonly PluginFacts[];
  readonly hasSite: boolean;
  /** Why its code cannot be loaded. */
  readonly problem?: string;
}

/** What the inspector process reports. */
export type Inspection = { readonly plugins: readonly PluginFacts[] } | { readonly problem: string };

const timeoutMs = 20_000;
const inspector = join(import.meta.dir, "inspector.ts");

/**
 * Inspects a folder. Its code is loaded in a separate process, because it may exit, block or crash. As root, the code is not
 * loaded if somebody else can change it.
 */
export async function inspectFolder(folder: PluginFolder, config: Config): Promise<FolderReport> {
  const hasSite = (await siteIn(folder.path)) !== undefined;
  const [unsafe] = findUnsafePlugins([folder], config);
  if (unsafe !== undefined) return { folder, plugins: [], hasSite, problem: unsafe.message };
  if (folder.modules.length === 0) return { folder, plugins: [], hasSite };
  return { folder, hasSite, plugins: [], ...(await load(folder)) };
}

async function load(folder: PluginFolder): Promise<Inspection> {
  let answer: Inspection | undefined;
  const child = Bun.spawn({
    cmd: [process.execPath, "--no-install", inspector, JSON.stringify(folder)],
    ipc: (message: Inspection) => {
      answer ??= message;
      child.kill("SIGKILL");
    },
    // What the code prints is discarded.
    stdio: ["ignore", "ignore", "ignore"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  await child.exited;
  const isLate = child.signalCode === "SIGKILL";
  const end = isLate ? `takes longer than ${timeoutMs / 1000} s to load` : "ends the process that loads it";
  return answer ?? { problem: `the code in ${join(folder.path, "plugin")} ${end}` };
}
