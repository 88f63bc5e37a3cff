import type { Config } from "../config/config.ts";
import { ConfigError, formatProblem } from "../config/problem.ts";
import { GafferdError } from "../errors.ts";
import type { Endpoints } from "../http/listen/endpoint.ts";
import type { ReloadReport } from "../documents/reload-document.ts";
import type { ReloadRequest } from "../http/daemon/reload-routes.ts";
import type { Logger } from "../log.ts";
import type { Manager } from "../manager/manager.ts";
import { finishInSlices, forEachInSlices } from "../slices.ts";
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
  /** Reads the configuration again; undefined if there is no configuration file. Throws ConfigError. */
  readonly readConfig: (() => Config | Promise<Config>) | undefined;
  /**
   * Checks the settings of plugins and webhooks. Throws ConfigError, or GafferdError if the system refuses something.
   */
  readonly check: (config: Config) => Promise<void>;
  readonly endpoints: Endpoints;
  readonly manager: Manager;
  readonly log: Logger;
  /** Applies all other settings. Called after endpoints and templates have been applied. */
  readonly apply: (config: Config, changes: SectionChanges) => Promise<void>;
}

/** Reads a configuration again and applies the differences. If it has an error, applies nothing. */
export class Reloader {
  readonly #options: ReloaderOptions;
  #sections;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: ReloaderOptions) {
    this.#options = options;
    this.#sections = toSections(options.config);
  }

  /**
   * Reloads run one at a time, in the order of the calls. With `dryRun` nothing is changed. With `keepDrift`, templates
   * that were changed at runtime are not reset. Throws `conflict` if there is no configuration file, `invalid_config`
   * with all problems, and the errors of opening endpoints and the webhook outbox. Nothing has been changed then,
   * unless the message says so.
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
    const running = withTemplates(this.#sections, findRunning);
    const changes = await finishInSlices(compareSections(this.#sections, sections, running));
    const report = { ...changes, needsRestart: needingRestart(changes), dryRun, keepDrift };
    const pick = (names: readonly string[]) => {
      const wanted = new Set(namesOf("process", names));
      return config.templates.filter(({ name }) => wanted.has(name));
    };
    // A template that cannot be spawned is an error here. A start continues without it, but a reload can keep what runs.
    const edited = pick([...changes.added, ...changes.changed]);
    const unlaunchable = await findUnlaunchable(edited, config);
    if (unlaunchable.length > 0) throw invalid(unlaunchable.map(formatProblem));
    if (dryRun) return report;

    const drifted = pick(changes.drifted);
    await forEachInSlices(drifted, (template) => {
      const what = describeDrift(findRunning(template.name), template);
      log.warn(
        `process:${template.name} ${what}; ${keepDrift ? "keeping it (keep_drift)" : "resetting it to the file"}`,
      );
    });
    const templates = keepDrift ? edited : pick([...changes.added, ...changes.changed, ...changes.drifted]);
    await endpoints.replace(config.endpoints, new Set(namesOf("endpoint", changes.changed)));
    this.#sections = sections;
    await applyTemplates({ manager, log }, { config, templates, removed: namesOf("process", changes.removed) });
    await apply(config, changes).catch((error: unknown) => {
      this.#sections = withUnknown(sections, changes);
      throw toPartialFailure(error);
    });
    return report;
  }

  async #read(): Promise<Config> {
    const { readConfig, check } = this.#options;
    if (readConfig === undefined) {
      throw new GafferdError(
        "conflict",
        "cannot reload the configuration: gafferd was started without a configuration file",
      );
    }
    try {
      const config = await readConfig();
      await check(config);
      return config;
    } catch (error) {
      if (error instanceof ConfigError) throw invalid(error.problems.map(formatProblem), error);
      throw error;
    }
  }
}

/** The next reload applies the rest again, even if the file has not changed. */
function toPartialFailure(error: unknown): unknown {
  if (!(error instanceof GafferdError)) return error;
  const message = `the configuration was applied in part (endpoints and processes only): ${error.message}`;
  return new GafferdError(error.code, message, { cause: error });
}

function invalid(problems: readonly string[], cause?: unknown): GafferdError {
  const [first, ...others] = problems;
  const more = others.length === 0 ? "" : ` (and ${others.length} more, see \`problems\`)`;
  const message = `cannot reload the configuration, nothing was changed: ${first}${more}`;
  return new GafferdError("invalid_config", message, { details: { problems }, cause });
}
