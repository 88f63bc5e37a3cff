import { defineCommand } from "citty";
import { printLine } from "./terminal.ts";
import { describeFolder, findPlaces, readInventory } from "./inventory.ts";
import { commonOptions } from "./plugin-options.ts";

/** `gafferd plugin list` */
export const listCommand = defineCommand({
  meta: { name: "list", description: "list plugins and their problems" },
  args: commonOptions,
  run: async ({ args }) => {
    const places = findPlaces(args);
    const reports = await readInventory(places);
    for (const line of reports.flatMap(describeFolder)) printLine(line);
    if (reports.length === 0) printLine(`no plugins in ${places.folder}`);
  },
});
