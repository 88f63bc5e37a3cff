import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { defineCommand } from "citty";
import { GafferdError } from "../../errors.ts";
import { findPluginFolders } from "../../plugin/discover.ts";
import { fetchSource } from "../../plugin/install/fetch-source.ts";
import { startOrder } from "../../plugin/order.ts";
import { adopt, isSiteAlone } from "../../plugin/site/adopt.ts";
import { type FolderReport, inspectFolder } from "./inspect.ts";
import { describeFolder, makePlaces, namesIn, readInventory } from "./inventory.ts";
import { argument, commonOptions, force, yes } from "./plugin-options.ts";
import { confirm, isInteractive, printLine, printSuccess } from "./say.ts";

/**
 * `gafferd plugin install`: copies, checks, then puts it in its place by a rename. What is refused leaves nothing behind.
 */
export const installCommand = defineCommand({
  meta: { name: "install", description: "copy a plugin there, from here or from npm" },
  args: { ...commonOptions, force, yes, source: argument("FOLDER|TARBALL|PACKAGE") },
  run: async ({ args }) => {
    const { folder, roots } = makePlaces(args);
    const staging = mkdtempSync(join(folder, ".installing-"));
    try {
      const { report, path } = await prepare(args.source, staging);
      const name = namesIn(report)[0] ?? report.folder.name;
      const others = (await readInventory(roots)).filter((each) => each.folder.bundled || each.folder.name !== name);
      assertUntaken(report, others);
      if (!args.force) assertSound(report, others);
      const target = join(folder, name);
      await put(path, { target, staging, mayReplace: Boolean(args.force || args.yes) });
      await printSuccess(`installed ${join(folder, name)}`);
      for (const line of describeFolder(report)) printLine(line);
      if (report.plugins.length > 0 || report.problem !== undefined)
        printLine("a running gafferd loads its code when it is restarted");
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
  },
});

/** The content as it is to be installed, and what is in it. */
async function prepare(source: string, staging: string): Promise<{ report: FolderReport; path: string }> {
  const fetched = await fetchSource(source, staging);
  if (!/^[\p{L}\d][\p{L}\d _.-]*$/u.test(fetched.name)) {
    throw new GafferdError(
      "bad_value",
      `cannot install ${source}: ${JSON.stringify(fetched.name)} is no name for a folder`,
    );
  }
  const room = join(staging, "room");
  const path = join(room, fetched.name);
  mkdirSync(room);
  renameSync(fetched.path, path);
  if (isSiteAlone(path)) adopt(path);
  const [found] = findPluginFolders([{ folder: room, bundled: false, only: "all" }]);
  if (found === undefined) throw new GafferdError("bad_value", `cannot install ${source}: it is no folder`);
  return { report: await inspectFolder(found), path };
}

/** Two of one name are of no use to anybody, whatever the force. */
function assertUntaken(report: FolderReport, others: readonly FolderReport[]): void {
  const taken = others.find(
    (other) => !other.folder.bundled && namesIn(other).some((each) => namesIn(report).includes(each)),
  );
  if (taken !== undefined) {
    throw new GafferdError(
      "conflict",
      `cannot install \`${namesIn(report).join(", ")}\`: ${taken.folder.path} has that name; remove it first`,
    );
  }
}

/** Throws a GafferdError when gafferd would not start with it. */
function assertSound(report: FolderReport, others: readonly FolderReport[]): void {
  const advice = "--force installs it all the same";
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

/** Both renames stay within `plugins_dir`. When the second fails, the old one is back. */
async function put(path: string, { target, staging, mayReplace }: Placing): Promise<void> {
  const old = join(staging, "old");
  const isThere = existsSync(target);
  if (isThere && !mayReplace) {
    if (!isInteractive()) throw new GafferdError("conflict", `${target} is there already; --force replaces it`);
    await confirm(`Replace ${target}?`);
  }
  if (isThere) renameSync(target, old);
  try {
    renameSync(path, target);
  } catch (error) {
    if (isThere) renameSync(old, target);
    throw error;
  }
}
