import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../config/config.ts";
import { ConfigError } from "../config/problem.ts";
import { findUnsafeState } from "../config/unsafe-files.ts";
import { createFileCheck } from "../files/file-trust.ts";

/** `state_dir`, or the nearest folder above it that exists. gafferd creates the rest when it first needs it. */
export function existingStateFolder({ gaffer: { stateDir } }: Pick<Config, "gaffer">): string {
  let folder = stateDir;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

/**
 * As root, creates `state_dir` now if it is in a folder such as `/tmp`, where others could create it before gafferd needs
 * it. Throws ConfigError if somebody else can change it.
 */
export function claimStateFolder(config: Config): void {
  const check = createFileCheck(config.gaffer.insecureFiles);
  if (check?.find(existingStateFolder(config), { isFilled: true }) === undefined) return;
  try {
    mkdirSync(config.gaffer.stateDir, { recursive: true, mode: 0o700 });
  } catch {
    // Using it reports the reason, if it is used at all.
  }
  const problem = findUnsafeState(config, check);
  if (problem !== undefined) throw new ConfigError([problem]);
}
