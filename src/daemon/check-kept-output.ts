import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { locateProblem } from "../config/locate.ts";
import type { ConfigProblem } from "../config/problem.ts";
import { existingStateFolder } from "./state-folder.ts";

/** Finds templates whose output cannot be kept on disk: errors, and a warning if there is not enough space for all of it. */
export function findKeptOutputProblems(config: Config): ConfigProblem[] {
  const keeping = config.templates.filter(({ outputKeep }) => outputKeep !== undefined);
  return [...keeping.flatMap(({ name }) => findUnwritable(config, name)), ...findShortage(config)];
}

function findUnwritable(config: Config, name: string): ConfigProblem[] {
  for (const folder of [journalFolder(config), join(journalFolder(config), name)].filter((each) => existsSync(each))) {
    try {
      if (!statSync(folder).isDirectory())
        return [problemOf(config, name, `cannot keep output: ${folder} is not a folder`)];
      accessSync(folder, constants.W_OK | constants.X_OK);
    } catch {
      return [problemOf(config, name, `cannot keep output: gafferd has no write permission in ${folder}`)];
    }
  }
  return [];
}

function findShortage(config: Config): ConfigProblem[] {
  const sized = config.templates.filter(({ outputKeep }) => outputKeep?.maxBytes !== undefined);
  const wanted = sized.reduce((sum, { outputKeep }) => sum + (outputKeep?.maxBytes ?? 0), 0);
  const [first] = sized;
  if (first === undefined) return [];
  const folder = existingStateFolder(config);
  const { bavail, bsize } = statfsSync(folder);
  const room = bavail * bsize + sized.reduce((sum, { name }) => sum + sizeOf(join(journalFolder(config), name)), 0);
  if (wanted <= room) return [];
  const [wantedText, roomText] = [wanted, room].map((bytes) => `${Math.ceil(bytes / 2 ** 20)} MiB`);
  const message = `all templates together keep up to ${wantedText}, but ${folder} has room for ${roomText}`;
  return [{ ...problemOf(config, first.name, message), isWarning: true }];
}

function sizeOf(folder: string): number {
  try {
    return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  } catch {
    return 0;
  }
}

function journalFolder({ gaffer: { stateDir } }: Config): string {
  return join(stateDir, "journal");
}

function problemOf(config: Config, label: string, message: string): ConfigProblem {
  return locateProblem(config, { kind: "process", label, key: "output_keep" }, message);
}
