import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { defineCommand } from "citty";
import { GafferdError } from "../../errors.ts";
import { findPluginFolders } from "../../plugin/discover.ts";
import { fetchSource } from "../../plugin/install/fetch-source.ts";
import { startOrder } from "../../plugin/order.ts";
import { adopt, isBareSite } from "../../plugin/site/adopt.ts";
import { type FolderReport, inspectFolder } from "./inspect.ts";
import { describeFolder, makePlaces, namesIn, type Places, readInventory } from "./inventory.ts";
import { argument, commonOptions, force, yes } from "./plugin-options.ts";
import { confirm, isInteractive, printLine, printSuccess } from "./terminal.ts";

/**
 * `gafferd plugin install`: copies the source, checks the copy, then renames it to its place. A failed install leaves
 * nothing behind.
 */
export const installCommand = defineCommand({
  meta: { name: "install", description: "install from a folder, a file or npm" },
  args: { ...commonOptions, force, yes, source: argument("FOLDER|TARBALL|PACKAGE") },
  run: async ({ args }) => {
    const places = makePlaces(args);
    const { folder } = places;
    const staging = mkdtempSync(join(folder, ".installing-"));
    try {
      const { report, path } = await prepare(args.source, staging, places);
      const name = namesIn(report)[0] ?? report.folder.name;
      const others = (await readInventory(places)).filter((each) => each.folder.bundled || each.folder.name !== name);
      assertNameIsFree(report, others);
      if (!args.force) assertLoadable(report, others);
      const target = join(folder, name);
      await moveIntoPlace(path, { target, staging, mayReplace: Boolean(args.force || args.yes) });
      await printSuccess(`installed ${join(folder, name)}`);
      for (const line of describeFolder(report)) printLine(line);
      if (report.plugins.length > 0 || report.problem !== undefined) printLine("restart gafferd to load its code");
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  },
});

/** Fetches the source and returns the folder to install, with its report. */
async function prepare(
  source: string,
  staging: string,
  { config }: Places,
): Promise<{ report: FolderReport; path: string }> {
  const fetched = await fetchSource(source, staging);
  if (!/^[\p{L}\d][\p{L}\d _.-]*$/u.test(fetched.name)) {
    throw new GafferdError(
      "bad_value",
      `cannot install ${source}: ${JSON.stringify(fetched.name)} is not a valid folder name`,
    );
  }
  const room = join(staging, "room");
  const path = join(room, fetched.name);
  mkdirSync(room);
  renameSync(fetched.path, path);
  if (isBareSite(path)) adopt(path);
  const [found] = findPluginFolders([{ folder: room, bundled: false, only: "all" }]);
  if (found === undefined) throw new GafferdError("bad_value", `cannot install ${source}: it is not a folder`);
  return { report: await inspectFolder(found, config), path };
}

/** Throws a GafferdError if another folder has a plugin of the same name. `--force` does not skip this check. */
function assertNameIsFree(report: FolderReport, others: readonly FolderReport[]): void {
  const taken = others.find(
    (other) => !other.folder.bundled && namesIn(other).some((each) => namesIn(report).includes(each)),
  );
  if (taken !== undefined) {
    throw new GafferdError(
      "conflict",
      `cannot install \`${namesIn(report).join(", ")}\`: ${taken.folder.path} has the same name; remove it first`,
    );
  }
}

/** Throws a GafferdError if gafferd would not start with the plugin. */
function assertLoadable(report: FolderReport, others: readonly FolderReport[]): void {
  const advice = "use --force to install it anyway";
  if (report.problem !== undefined) throw new GafferdError("conflict", `${report.problem}; ${advice}`);
  if (report.plugins.length === 0 && !report.hasSite) {
    throw new GafferdError("bad_value", `cannot install ${report.folder.name}: it has neither code nor a site`);
  }
  try {
    startOrder(report.plugins, others.flatMap(namesIn));
  } catch (cause) {
    throw new GafferdError("conflict", `${(cause as Error).message}; ${advice}`, { cause });
  }
}

interface Placing {
  readonly target: string;
  readonly staging: string;
  readonly mayReplace: boolean;
}

/** Both renames stay within `plugins_dir`. If the second one fails, the old folder is restored. */
async function moveIntoPlace(path: string, { target, staging, mayReplace }: Placing): Promise<void> {
  const old = join(staging, "old");
  const exists = existsSync(target);
  if (exists && !mayReplace) {
    if (!isInteractive()) throw new GafferdError("conflict", `${target} already exists; use --force to replace it`);
    await confirm(`Replace ${target}?`);
  }
  if (exists) renameSync(target, old);
  try {
    renameSync(path, target);
  } catch (error) {
    if (exists) renameSync(old, target);
    throw error;
  }
}
