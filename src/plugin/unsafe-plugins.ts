import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { locateProblem } from "../config/locate.ts";
import type { ConfigProblem } from "../config/problem.ts";
import { allowanceIn } from "../config/unsafe-files.ts";
import { createFileCheck, explainFault } from "../files/file-trust.ts";
import type { PathCheck, PathFault } from "../files/safe-path.ts";
import type { PluginFolder } from "./discover.ts";
import { filesOfModules } from "./imports.ts";

/** As root, finds plugins and sites that other users can change: one problem for each. */
export function findUnsafePlugins(folders: readonly PluginFolder[], config: Config): ConfigProblem[] {
  const check = createFileCheck(config.gaffer.insecureFiles);
  if (check === undefined) return [];
  return folders.flatMap((folder) => {
    const reason = findUnsafePlugin(folder, check, config);
    if (reason === undefined) return [];
    const message = `cannot use the plugin in ${folder.path}: ${reason}`;
    return [locateProblem(config, { kind: "gaffer", label: "", key: "plugins_dir" }, message)];
  });
}

/** Why gafferd does not load a plugin or serve a site as root. Undefined if nobody else can change it. */
export function findUnsafePlugin(
  folder: PluginFolder,
  check: PathCheck,
  config: Pick<Config, "files">,
): string | undefined {
  const fault = findFault(folder, check);
  return fault && explainFault(folder.path, fault, allowanceIn(config));
}

function findFault({ path, modules }: PluginFolder, check: PathCheck): PathFault | undefined {
  // The pages of a site may call the API.
  const known = ["", "_site", "plugin", "package.json", "tsconfig.json", "node_modules"].map((name) =>
    join(path, name),
  );
  for (const part of [...known, ...packagesIn(join(path, "node_modules"))]) {
    const fault = check.find(part, { isFilled: true });
    if (fault !== undefined) return fault;
  }
  return filesOfModules(modules)
    .map((file) => check.find(file))
    .find((fault) => fault !== undefined);
}

/** The folders of packages. What is in them belongs to whoever installed them. */
function packagesIn(folder: string): string[] {
  const paths = namesIn(folder).map((name) => join(folder, name));
  return paths.flatMap((path) =>
    path.slice(folder.length).startsWith("/@") ? namesIn(path).map((name) => join(path, name)) : path,
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
