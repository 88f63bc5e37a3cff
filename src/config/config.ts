import { finishInSlices, finishNow } from "../slices.ts";
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
  return finishNow(loadingSteps(file, overrides, inherited));
}

/** Like `loadConfig`, in slices, so that the event loop is not blocked. */
export async function loadConfigInSlices(
  file: string | undefined,
  overrides: ConfigOverrides = {},
  inherited: InheritedEnvironment = process.env,
): Promise<Config> {
  return await finishInSlices(loadingSteps(file, overrides, inherited));
}

function* loadingSteps(
  file: string | undefined,
  overrides: ConfigOverrides,
  inherited: InheritedEnvironment,
): Generator<void, Config> {
  const reported: ConfigProblem[] = [];
  const report: Report = (problem) => reported.push(problem);
  const nothing = { files: [], sections: [], misnamed: [] };
  const reading = { inherited, report, insecureFiles: overrides.insecureFiles ?? false };
  const { files, sections, misnamed } = file === undefined ? nothing : yield* readFiles(file, reading);
  const ofKind = (kind: SectionKind): Section[] => sections.filter((section) => section.kind === kind);

  const gaffer = readGaffer(ofKind("gaffer"), report);
  const endpoints = new Map(ofKind("endpoint").map((section) => [section, readEndpoint(section, report)]));
  const opened = selectEndpoints(endpoints, findHttpEndpoints(ofKind("gaffer")), misnamed, report);
  const templates = yield* readProcesses(ofKind("process"), ofKind("env"), misnamed, report);
  const names = ofKind("process").map(({ label }) => label);
  const [webhooks] = ofKind("webhooks").map((section) => readWebhooks(section, names, report));
  yield* warnOfSections(sections, report);
  yield* warnOfTemplates(templates, ofKind("process"), inherited, report);
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

function* readProcesses(
  sections: readonly Section[],
  envs: readonly Section[],
  misnamed: readonly string[],
  report: Report,
): Generator<void, ProcessTemplate[]> {
  const names = sections.map(({ label }) => label);
  const known = new Set([...names, ...misnamed]);
  for (const env of envs.filter(({ label }) => !known.has(label))) {
    const message = `has no effect: there is no section [process:${env.label}]${suggestion(env.label, names)}`;
    report({ file: env.file, line: env.line, section: env.name, message });
    yield;
  }
  const envByLabel = new Map(envs.map((env) => [env.label, env]));
  const templates: ProcessTemplate[] = [];
  for (const section of sections) {
    const template = readProcess(section, envByLabel.get(section.label), report);
    if (template !== undefined) templates.push(template);
    yield;
  }
  return templates;
}

/** Sorts by file and line; problems of the command line come last. */
function inOrder(problems: readonly ConfigProblem[], files: readonly string[]): ConfigProblem[] {
  const fileIndex = ({ file }: ConfigProblem): number => (files.includes(file) ? files.indexOf(file) : files.length);
  return problems.toSorted((a, b) => fileIndex(a) - fileIndex(b) || (a.line ?? 0) - (b.line ?? 0));
}
