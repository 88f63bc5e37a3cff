import { Elysia } from "elysia";
import { finishInSlices } from "../../slices.ts";
import type { EventBus } from "../../events/bus.ts";
import type { Journal } from "../../journal/journal.ts";
import type { Leases } from "../../leases/leases.ts";
import type { Manager } from "../../manager/manager.ts";
import { Sampler, type UsageSample } from "../../process/usage/sampler.ts";
import type { SupervisedProcess, Supervisor } from "../../manager/views.ts";
import type { Runs } from "../../runs/runs.ts";
import type { Webhooks } from "../../webhook/webhooks.ts";
import { hostFamilies } from "./host-metrics.ts";
import { TextAnswer } from "../operation/text-answer.ts";
import { journalFamilies } from "./journal-metrics.ts";
import { LoopLag } from "./loop-lag.ts";
import { formatMetrics, metricsContentType } from "./metrics-text.ts";
import { leaseFamilies } from "./lease-metrics.ts";
import { runFamilies } from "./run-metrics.ts";
import { processFamilies } from "./process-metrics.ts";
import { templateFamilies } from "./template-metrics.ts";
import { webhookFamilies } from "./webhook-metrics.ts";

export interface MetricsRoutesOptions {
  readonly manager: Manager;
  /** Must not have published any event yet, so that every spawn is counted. */
  readonly bus: EventBus;
  readonly runs: Runs;
  readonly webhooks: Webhooks;
  /** Absent if no output is ever kept on disk. */
  readonly journal?: Journal | undefined;
  readonly leases: Leases;
  /** The version of gafferd. */
  readonly version: string;
  /** Default: a new sampler. */
  readonly sampler?: Sampler;
}

/**
 * `/metrics`: metrics for Prometheus. `prom-client` is not used: all values are read from the daemon's own state at the
 * scrape, and a registry would only add the work of removing the series of deleted templates and exited processes. The
 * format is always text 0.0.4, which scrapers that ask for OpenMetrics accept as well.
 */
export function metricsRoutes(options: MetricsRoutesOptions) {
  const { manager, bus, runs, webhooks, journal, leases, version, sampler = new Sampler() } = options;
  const loopLag = new LoopLag();
  let spawns = 0;
  bus.subscribe(({ type }) => {
    if (type === "spawn") spawns += 1;
  });
  return new Elysia({ name: "metrics" }).get("/metrics", async () => {
    const processes = supervisorsOf(manager).flatMap((supervisor) => supervisor.processes);
    const sample = await sampler.sample(processes, 0);
    const text = await finishInSlices(writeMetrics(processes, sample));
    return new TextAnswer(text, { headers: { "content-type": metricsContentType } });
  });

  function* writeMetrics(processes: readonly SupervisedProcess[], sample: UsageSample): Generator<void, string> {
    const ofHost = hostFamilies({ version, spawns, loopLag: loopLag.read() });
    // Templates may have changed while the sample was taken.
    const ofTemplates = yield* templateFamilies(supervisorsOf(manager));
    const ofJournal = yield* journalFamilies(journal?.usage() ?? []);
    const ofProcesses = yield* processFamilies(processes, sample);
    const ofWebhooks = yield* webhookFamilies(webhooks.list());
    const ofLeases = yield* leaseFamilies(leases);
    return yield* formatMetrics([
      ...ofHost,
      ...ofTemplates,
      ...ofJournal,
      ...ofProcesses,
      ...ofLeases,
      ...runFamilies(runs),
      ...ofWebhooks,
    ]);
  }
}

/** In the order of creation. */
function supervisorsOf(manager: Manager): Supervisor[] {
  return manager.names().map((name) => manager.get(name));
}
