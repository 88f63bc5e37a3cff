import type { Config } from "../config/config.ts";
import { locateProblem } from "../config/locate.ts";
import type { ConfigProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import { allowInsecureFiles } from "../files/file-trust.ts";
import { assertLaunchable } from "../process/process.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** Why processes of these templates cannot start: one problem per template, at its place in the configuration. */
export function findUnlaunchable(templates: readonly ProcessTemplate[], config: Config): ConfigProblem[] {
  const before = allowInsecureFiles(config.gaffer.insecureFiles);
  try {
    return templates.flatMap((template) => findReason(template, config) ?? []);
  } finally {
    allowInsecureFiles(before);
  }
}

function findReason(template: ProcessTemplate, config: Config): ConfigProblem | undefined {
  try {
    assertLaunchable(template);
    return undefined;
  } catch (error) {
    if (!(error instanceof GafferdError)) throw error;
    const place = { kind: "process", label: template.name, key: error.field ?? "cmd" } as const;
    return locateProblem(config, place, error.message);
  }
}
