import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineCommand } from "citty";
import { GafferdError } from "../../errors.ts";
import { skeleton } from "../../plugin/install/skeleton.ts";
import { makePlaces } from "./inventory.ts";
import { argument, commonOptions } from "./plugin-options.ts";
import { printLine, printSuccess } from "./say.ts";

/** `gafferd plugin new` */
export const newCommand = defineCommand({
  meta: { name: "new", description: "write a plugin to begin with" },
  args: { ...commonOptions, name: argument("NAME") },
  run: async ({ args }) => {
    const { name } = args;
    if (!/^[a-z\d][\w.-]*$/i.test(name)) {
      const form = "letters, digits, `_`, `.` and `-`, the first a letter or a digit";
      throw new GafferdError("bad_value", `cannot call a plugin ${JSON.stringify(name)}: a name has ${form}`);
    }
    const { folder } = makePlaces(args);
    const target = join(folder, name);
    if (existsSync(target)) throw new GafferdError("conflict", `${target} is there already; choose another name`);
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
    await printSuccess(`wrote ${target}`);
    printLine(`its code is ${join(target, "plugin/index.ts")}, its site /_plugin/${name}/`);
  },
});
