import type { Config } from "../config/config.ts";
import { locateProblem } from "../config/locate.ts";
import type { ConfigProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import { allowInsecureFiles } from "../files/file-trust.ts";
import { loadAccounts } from "../process/accounts.ts";
import { assertLaunchable } from "../process/process.ts";
import { forEachInSlices } from "../slices.ts";
import type { ProcessTemplate } from "../template/template.ts";

/** Why processes of these templates cannot start: one problem per template, at its place in the configuration. */
export async function findUnlaunchable(
  templates: readonly ProcessTemplate[],
  config: Config,
): Promise<ConfigProblem[]> {
  const users = new Map(templates.map(({ uid, gid }) => [`${uid}:${gid}`, { uid, gid }]));
  await Promise.all(users.values().map(({ uid, gid }) => loadAccounts(uid, gid)));
  const problems: ConfigProblem[] = [];
  await forEachInSlices(templates, (template) => {
    const before = allowInsecureFiles(config.gaffer.insecureFiles);
    try {
      assertLaunchable(template);
    } catch (error) {
      if (!(error instanceof GafferdError)) throw error;
      const place = { kind: "process", label: template.name, key: error.field ?? "cmd" } as const;
      problems.push(locateProblem(config, place, error.message));
    } finally {
      allowInsecureFiles(before);
    }
  });
  return problems;
}
