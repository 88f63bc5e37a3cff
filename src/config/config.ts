import { suggestion } from "../suggestion.ts";
import type { ProcessTemplate } from "../template/template.ts";
import type { Endpoint } from "./endpoint.ts";
import { readEndpoint, selectEndpoints } from "./endpoint-section.ts";
import type { InheritedEnvironment } from "./expand-values.ts";
import { readFiles } from "./files.ts";
import { type GafferSettings, readGaffer } from "./gaffer-section.ts";
import { applyBinding, applyToGaffer, type ConfigOverrides } from "./overrides.ts";
import { readProcess } from "./process-section.ts";
import { ConfigError, type ConfigProblem } from "./problem.ts";
import type { Report, Section, SectionKind } from "./section.ts";
import { reportUnsafeFiles } from "./unsafe-files.ts";
import { withCommentAdvice, warnOfSections, warnOfTemplates } from "./warnings.ts";
import { defaultWebhooks, readWebhooks } from "./webhooks.ts";
import type { FileWebhooks } from "../webhook/webhook.ts";

/** A complete, valid configuration. */
export interface Config {
  /** Absolute paths of the files that were read, the main file first; empty if there is no file. */
  readonly files: readonly string[];
  readonly gaffer: GafferSettings;
  /** The endpoints to open; at least one. */
  readonly endpoints: readonly Endpoint[];
  /** In the order of the files. */
  readonly templates: readonly ProcessTemplate[];
  readonly webhooks: FileWebhooks;
  /** The `[plugin:NAME]` sections by NAME. Only the plugins know what the keys mean. */
  readonly plugins: ReadonlyMap<string, Section>;
  /** All sections with their variables replaced, to find the line of a value. */
  readonly sections: readonly Section[];
  /** Values that are allowed but are probably mistakes. */
  readonly warnings: readonly ConfigProblem[];
}

/**
 * Reads a configuration file and the files it includes; without a file, returns the defaults. `inherited` is the
 * environment for replacing variables, which processes inherit too. Throws a `ConfigError` with all problems.
 */
export function loadConfig(
  file: string | undefined,
  overrides: ConfigOverrides = {},
  inherited: InheritedEnvironment = process.env,
): Config {
  const reported: ConfigProblem[] = [];
  const report: Report = (problem) => reported.push(problem);
  const nothing = { files: [], sections: [], misnamed: [] };
  const { files, sections, misnamed } =
    file === undefined
      ? nothing
      : readFiles(file, { inherited, report, insecureFiles: overrides.insecureFiles ?? false });
  const ofKind = (kind: SectionKind): Section[] => sections.filter((section) => section.kind === kind);

  const gaffer = readGaffer(ofKind("gaffer"), report);
  const endpoints = new Map(ofKind("endpoint").map((section) => [section, readEndpoint(section, report)]));
  const opened = selectEndpoints(endpoints, findHttpEndpoints(ofKind("gaffer")), misnamed, report);
  const templates = readProcesses(ofKind("process"), ofKind("env"), misnamed, report);
  const names = ofKind("process").map(({ label }) => label);
  const [webhooks] = ofKind("webhooks").map((section) => readWebhooks(section, names, report));
  warnOfSections(sections, report);
  warnOfTemplates(templates, ofKind("process"), inherited, report);
  const settings = {
    files,
    sections,
    gaffer: applyToGaffer(gaffer, overrides, report),
    endpoints: applyBinding(opened, overrides, report),
    templates,
    webhooks: webhooks ?? defaultWebhooks,
    plugins: new Map(ofKind("plugin").map((section) => [section.label, section])),
  };
  reportUnsafeFiles(settings, overrides, report);
  const problems = reported.filter(({ isWarning }) => !isWarning);
  if (problems.length > 0) throw new ConfigError(inOrder(withCommentAdvice(problems, sections), files));
  return { ...settings, warnings: inOrder(reported, files) };
}

function findHttpEndpoints(sections: readonly Section[]) {
  return sections
    .flatMap((section) => section.values.map((value) => ({ section, value })))
    .find(({ value }) => value.key === "http_endpoints");
}

function readProcesses(
  sections: readonly Section[],
  envs: readonly Section[],
  misnamed: readonly string[],
  report: Report,
): ProcessTemplate[] {
  const names = sections.map(({ label }) => label);
  for (const env of envs.filter(({ label }) => !names.includes(label) && !misnamed.includes(label))) {
    const message = `has no effect: there is no section [process:${env.label}]${suggestion(env.label, names)}`;
    report({ file: env.file, line: env.line, section: env.name, message });
  }
  return sections.flatMap((section) => {
    const env = envs.find(({ label }) => label === section.label);
    return readProcess(section, env, report) ?? [];
  });
}

/** Sorts by file and line; problems of the command line come last. */
function inOrder(problems: readonly ConfigProblem[], files: readonly string[]): ConfigProblem[] {
  const fileIndex = ({ file }: ConfigProblem): number => (files.includes(file) ? files.indexOf(file) : files.length);
  return problems.toSorted((a, b) => fileIndex(a) - fileIndex(b) || (a.line ?? 0) - (b.line ?? 0));
}
