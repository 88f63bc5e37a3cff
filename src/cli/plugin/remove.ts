import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { defineCommand } from "citty";
import { GafferdError } from "../../errors.ts";
import { suggestion } from "../../suggestion.ts";
import type { FolderReport } from "./inspect.ts";
import { findPlaces, namesIn, readInventory } from "./inventory.ts";
import { argument, commonOptions, force, yes } from "./plugin-options.ts";
import { confirm, printLine, printSuccess } from "./terminal.ts";

/** `gafferd plugin remove` */
export const removeCommand = defineCommand({
  meta: { name: "remove", description: "delete a plugin" },
  args: { ...commonOptions, force, yes, name: argument("NAME") },
  run: async ({ args }) => {
    const places = findPlaces(args);
    const reports = await readInventory(places);
    const report = find(reports, args.name);
    const { path } = report.folder;
    if (!args.force) assertUnneeded(report, reports);
    if (!args.force && !args.yes) await confirm(`Delete ${path}?`);
    // Rename first, so that no gafferd sees a half-deleted folder. If it is a link, only the link is deleted.
    const bin = mkdtempSync(join(places.folder, ".removing-"));
    renameSync(path, join(bin, report.folder.name));
    rmSync(bin, { recursive: true, force: true });
    await printSuccess(`removed ${path}`);
    if (report.plugins.length > 0) printLine("a running gafferd keeps using its code; restart it to unload the plugin");
  },
});

function find(reports: readonly FolderReport[], name: string): FolderReport {
  const found = reports.filter((report) => report.folder.name === name || namesIn(report).includes(name));
  const own = found.find(({ folder }) => !folder.bundled);
  if (own !== undefined) return own;
  if (found.length > 0) {
    const advice = "to disable it, leave it out of `bundled_plugins` in [gaffer]";
    throw new GafferdError("conflict", `cannot remove \`${name}\`: it ships with gafferd; ${advice}`);
  }
  const names = reports.filter(({ folder }) => !folder.bundled).flatMap(namesIn);
  const near = suggestion(name, names) || `; installed: ${names.join(", ") || "none"}`;
  throw new GafferdError("not_found", `cannot remove \`${name}\`: no such plugin is installed${near}`);
}

/** Throws a GafferdError if gafferd would not start without the plugin. */
function assertUnneeded(report: FolderReport, reports: readonly FolderReport[]): void {
  const others = reports.filter((other) => other !== report);
  const kept = others.flatMap(namesIn);
  const names = namesIn(report).filter((name) => !kept.includes(name));
  const dependents = others
    .flatMap(({ plugins }) => plugins)
    .filter(({ mandatory }) => mandatory.some((name) => names.includes(name)));
  if (dependents.length === 0) return;
  const list = dependents.map(({ name }) => `\`${name}\``).join(", ");
  const advice = "remove that first; with --force it is removed, but gafferd will not start";
  throw new GafferdError("conflict", `cannot remove \`${report.folder.name}\`: it is required by ${list}; ${advice}`);
}
