import type { Config } from "../config/config.ts";
import { ConfigError, formatProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import type { Endpoints } from "../http/listen/endpoint.ts";
import type { ReloadReport } from "../documents/reload-document.ts";
import type { ReloadRequest } from "../http/daemon/reload-routes.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { applyTemplates } from "./apply-templates.ts";
import { findUnlaunchable } from "./launchable.ts";
import { describeDrift } from "./drift.ts";
import {
  compareSections,
  namesOf,
  needingRestart,
  type SectionChanges,
  toSections,
  withTemplates,
  withUnknown,
} from "./sections.ts";

export interface ReloaderOptions {
  readonly config: Config;
  /** Reads the configuration again; undefined when there is none to read. Throws ConfigError. */
  readonly readConfig: (() => Config) | undefined;
  /** Checks what only plugins and webhooks can. Throws ConfigError, or a GafferdError for what the machine refuses. */
  readonly check: (config: Config) => Promise<void>;
  readonly endpoints: Endpoints;
  readonly manager: Manager;
  readonly log: Logger;
  /** Called with what is now in force, when endpoints and templates are as it says. */
  readonly apply: (config: Config, changes: SectionChanges) => Promise<void>;
}

/** Reads a configuration again and applies what is different, or nothing when any of it is wrong. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #sections;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#sections = toSections(options.config);
  }

  /**
   * One at a time, in the order of the calls. With `dryRun` nothing is changed; with `keepDrift` not the templates that
   * were changed by request. Throws `conflict` without a configuration file, `invalid_config` with all problems, what a new
   * endpoint throws, and what webhooks cannot be kept for. Then nothing was changed, unless the message says so.
   */
  reload({ dryRun = false, keepDrift = false }: ReloadRequest = {}): Promise<ReloadReport> {
    const report = this.#last.then(() => this.#reload({ dryRun, keepDrift }));
    this.#last = report.catch(() => {});
    return report;
  }

  async #reload({ dryRun, keepDrift }: Required<ReloadRequest>): Promise<ReloadReport> {
    const { endpoints, manager, log, apply } = this.#options;
    const config = await this.#read();
    const sections = toSections(config);
    const findRunning = (name: string) => (manager.has(name) ? manager.get(name).template : undefined);
    const changes = compareSections(this.#sections, sections, withTemplates(this.#sections, findRunning));
    const report = { ...changes, needsRestart: needingRestart(changes), dryRun, keepDrift };
    const pick = (names: readonly string[]) => {
      const wanted = new Set(namesOf("process", names));
      return config.templates.filter(({ name }) => wanted.has(name));
    };
    // What cannot be spawned is as wrong as a misspelt key: a start goes on without it, a reload has something to keep.
    const edited = pick([...changes.added, ...changes.changed]);
    const unlaunchable = findUnlaunchable(edited, config);
    if (unlaunchable.length > 0) throw invalid(unlaunchable.map(formatProblem));
    if (dryRun) return report;

    const drifted = pick(changes.drifted);
    for (const template of drifted) {
      const what = describeDrift(findRunning(template.name), template);
      log.warn(`process:${template.name} ${what}; ${keepDrift ? "left as it is" : "made as the file says"}`);
    }
    const templates = keepDrift ? edited : pick([...changes.added, ...changes.changed, ...changes.drifted]);
    await endpoints.replace(config.endpoints, new Set(namesOf("endpoint", changes.changed)));
    this.#sections = sections;
    await applyTemplates({ manager, log }, { templates, removed: namesOf("process", changes.removed) });
    await apply(config, changes).catch((error: unknown) => {
      this.#sections = withUnknown(sections, changes);
      throw inPart(error);
    });
    return report;
  }

  async #read(): Promise<Config> {
    const { readConfig, check } = this.#options;
    if (readConfig === undefined) {
      throw new GafferdError("conflict", "gafferd was started without a configuration file, and has none to reload");
    }
    try {
      const config = readConfig();
      await check(config);
      return config;
    } catch (error) {
      if (error instanceof ConfigError) throw invalid(error.problems.map(formatProblem), error);
      throw error;
    }
  }
}

/** The next reload tries again, even of the same file. */
function inPart(error: unknown): unknown {
  if (!(error instanceof GafferdError)) return error;
  const message = `endpoints and processes are as the configuration says, not all else is: ${error.message}`;
  return new GafferdError(error.code, message, { cause: error });
}

function invalid(problems: readonly string[], cause?: unknown): GafferdError {
  const [first, ...others] = problems;
  const more = others.length === 0 ? "" : ` (and ${others.length} more, in \`problems\`)`;
  const message = `the configuration is wrong, and nothing was changed: ${first}${more}`;
  return new GafferdError("invalid_config", message, { details: { problems }, cause });
}
