import type { Config } from "../config/config.ts";
import type { ConfigProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import { assertLaunchable } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** What keeps processes of these templates from starting, each where the configuration has it. */
export function findUnlaunchable(templates: readonly ProcessTemplate[], config: Config): ConfigProblem[] {
  return templates.flatMap((template) => {
    try {
      assertLaunchable(template);
      return [];
    } catch (error) {
      if (!(error instanceof GafferdError)) throw error;
      return [locate(template.name, error, config)];
    }
  });
}

function locate(name: string, { field, message }: GafferdError, { sections, files }: Config): ConfigProblem {
  const section = sections.find(({ kind, label }) => kind === "process" && label === name);
  if (section === undefined) return { file: files[0] ?? "", section: `process:${name}`, message };
  const value = section.values.find(({ key }) => key === (field ?? "cmd"));
  const { file, line } = value ?? section;
  return { file, line, section: section.name, ...(value !== undefined && { key: value.key }), message };
}
