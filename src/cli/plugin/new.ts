import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineCommand } from "citty";
import { GafferdError } from "../../errors.ts";
import { skeleton } from "../../plugin/install/skeleton.ts";
import { makePlaces } from "./inventory.ts";
import { argument, commonOptions } from "./plugin-options.ts";
import { printLine, printSuccess } from "./terminal.ts";

/** `gafferd plugin new` */
export const newCommand = defineCommand({
  meta: { name: "new", description: "create an example plugin to start from" },
  args: { ...commonOptions, name: argument("NAME") },
  run: async ({ args }) => {
    const { name } = args;
    if (!/^[a-z\d][\w.-]*$/i.test(name)) {
      const form = "use letters, digits, `_`, `.` and `-`, and begin with a letter or a digit";
      throw new GafferdError("bad_value", `cannot create the plugin ${JSON.stringify(name)}: invalid name; ${form}`);
    }
    const { folder } = makePlaces(args);
    const target = join(folder, name);
    if (existsSync(target))
      throw new GafferdError("conflict", `cannot create ${target}: it already exists; choose another name`);
    const staging = mkdtempSync(join(folder, ".new-"));
    try {
      for (const [path, text] of Object.entries(skeleton(name))) {
        const file = join(staging, name, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
      }
      renameSync(join(staging, name), target);
    } finally {
      rmSync(staging, { recursive: true, force: true });
    }
    await printSuccess(`created ${target}`);
    printLine(`code: ${join(target, "plugin/index.ts")}, site: /_plugin/${name}/`);
  },
});
