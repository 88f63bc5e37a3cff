import { join } from "node:path";
import type { PluginFolder } from "../../plugin/discover.ts";
import { siteIn } from "../../plugin/site/find-site.ts";

/** What a plugin says of itself. */
export interface PluginFacts {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly mandatory: readonly string[];
}

/** What was found in a folder. */
export interface FolderReport {
  readonly folder: PluginFolder;
  readonly plugins: readonly PluginFacts[];
  readonly hasSite: boolean;
  /** Why its code cannot be loaded. */
  readonly problem?: string;
}

/** What the program that loads the code answers. */
export type Inspection = { readonly plugins: readonly PluginFacts[] } | { readonly problem: string };

const timeoutMs = 20_000;
const inspector = join(import.meta.dir, "inspector.ts");

/** Looks at a folder. Its code is loaded in a process of its own, which it may end, block or spoil. */
export async function inspectFolder(folder: PluginFolder): Promise<FolderReport> {
  const hasSite = (await siteIn(folder.path)) !== undefined;
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
    // What the code prints is not ours to show.
    stdio: ["ignore", "ignore", "ignore"],
    timeout: timeoutMs,
    killSignal: "SIGKILL",
  });
  await child.exited;
  const isLate = child.signalCode === "SIGKILL";
  const end = isLate ? `took longer than ${timeoutMs / 1000} s to load` : "ended the program that loaded it";
  return answer ?? { problem: `the code in ${join(folder.path, "plugin")} ${end}` };
}
