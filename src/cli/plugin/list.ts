import { defineCommand } from "citty";
import { printLine } from "./print-line.ts";
import { describeFolder, findPlaces, readInventory } from "./inventory.ts";
import { type PluginOptions, verbs } from "./plugin-options.ts";

/** `gafferd plugin list` */
export const listCommand = defineCommand({
  meta: { name: "list", description: verbs.list.description },
  run: async ({ data }) => {
    const { folder, roots } = findPlaces(data as PluginOptions);
    const reports = await readInventory(roots);
    for (const line of reports.flatMap(describeFolder)) printLine(line);
    if (reports.length === 0) printLine(`no plugins in ${folder}`);
  },
});
