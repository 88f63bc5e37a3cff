import { afterAll } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Config, loadConfig } from "../../src/config/config.ts";
import type { ConfigOverrides } from "../../src/config/overrides.ts";
import { ConfigError, formatProblem } from "../../src/config/problem.ts";

/** A folder for configuration files, deleted after the tests of the file that created it. */
export function createFolder() {
  const folder = mkdtempSync(join(tmpdir(), "gafferd-config-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  const write = (name: string, text: string | Uint8Array): string => {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const load = (text: string, overrides?: ConfigOverrides, inherited: Record<string, string> = {}): Config =>
    loadConfig(write("gaffer.ini", text), overrides, { ...process.env, ...inherited });

  /** The warnings of a main file, without the path of the folder. */
  const warningsOf = (text: string, inherited: Record<string, string> = {}): string[] =>
    load(text, undefined, inherited).warnings.map((warning) => formatProblem(warning).replaceAll(`${folder}/`, ""));

  /** The errors of a main file, without the path of the folder. */
  const problemsOf = (text: string, overrides?: ConfigOverrides): string[] => {
    try {
      load(text, overrides);
    } catch (error) {
      if (error instanceof ConfigError) return error.message.replaceAll(`${folder}/`, "").split("\n");
      throw error;
    }
    return [];
  };

  return { folder, write, load, problemsOf, warningsOf };
}
